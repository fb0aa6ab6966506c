"""The command line as a person uses it: what it prints, leaves and returns."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from explorer.cli.flags import Parser, recipe_flags, recipe_from
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.runs.place import kept_place
from explorer.techniques import FrozenNormalization, Transfer
from tests.cli.terminal import around, run, run_alone

TINY = ["--per-class", "20", "--batch-size", "32", "--width", "4", "--epochs", "2"]


def test_train_leaves_a_whole_run(tmp_path: Path) -> None:
    done = run_alone(
        "train", *TINY, "--dropout.p", "0.3", "--no-normalization", "--out", str(tmp_path / "run"), home=tmp_path
    )
    assert done.returncode == 0, done.stderr
    record = open_run(tmp_path / "run")
    assert record.ended is not None
    assert record.ended.outcome == "finished"
    assert record.recipe["techniques"]["dropout"]["p"] == 0.3
    assert "normalization" not in record.recipe["techniques"]
    for name in ("last.pt", "best.pt"):
        content = torch.load(tmp_path / "run" / "checkpoints" / name, weights_only=True)
        assert "classifier.weight" in content["model"]
    assert "images/s" in done.stdout
    assert str(tmp_path / "run") in done.stdout


def test_json_is_one_event_a_line(tmp_path: Path) -> None:
    done = run("train", *TINY, "--json", "--instruments", "none", "--out", str(tmp_path / "run"), home=tmp_path)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events].count("RunEnded") == 1
    assert events[-1]["type"] == "RunEnded"
    assert sum(event["type"] == "StepDone" for event in events) == 2 * (200 // 32)
    assert not any(event["type"] == "GradientNorms" for event in events)


def test_a_recipe_file_with_flags_over_it(tmp_path: Path) -> None:
    (tmp_path / "my.json").write_text('{"epochs": 50, "techniques": {"clipping": {"threshold": 2}}}')
    done = run("train", str(tmp_path / "my.json"), *TINY, "--out", str(tmp_path / "run"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    recipe = open_run(tmp_path / "run").recipe
    assert recipe["epochs"] == 2
    assert recipe["techniques"] == {"clipping": {"kind": "norm", "threshold": 2.0}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--data", "fashion-mimi"], "Did you mean fashion-mini?"),
        (["train", "--droput"], "There is no flag --droput. Did you mean --dropout?"),
        (["train", "--dropout.p", "3"], "dropout.p is 3; it must be ≤ 0.95."),
        (["train", "--lr", "nan"], "lr is nan; it must be a finite number."),
        (["train", "--epochs", "many"], "epochs is 'many'"),
        (["train", "--no-dropout", "--dropout.p", "0.3"], "contradict each other"),
        (["train", "--label_distribution"], "needs classes with an order"),
        (["train", "--per-class", "5"], "batch_size is 128, but there are only 50 training images"),
        (["train", "--device", "cuda"], "no cuda device"),
        (["train", "nowhere.json"], "nowhere.json cannot be read"),
        (["train", "--out", "/dev/null/run"], "cannot be written"),
        (["describe", "droput"], "Did you mean dropout?"),
        (["export", "nowhere", "--to", "x"], "holds no run"),
        (["export", "nowhere", "--to", "x", "--format", "pgn"], "Did you mean png?"),
        (["train", "--resume", "nowhere"], "holds no run"),
        (["train", "--transfer.size", "20"], "network.size is 20; it must be 0, or 32 and more"),
        (["train", "--transfer.weights", "nowhere.pt", "--per-class", "13"], "There is no file nowhere.pt"),
        (["train", "--transfer.backbone", "resnet81"], "There is no network 'resnet81'. Did you mean resnet18?"),
        (["train", "--frozen", "*"], "nothing would learn"),
        (["compare", "droput"], "Did you mean dropout?"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_is_named_and_nothing_is_left(arguments: list[str], said: str, tmp_path: Path) -> None:
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("this machine has one")
    done = run(*arguments, home=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert not any((tmp_path / "runs").glob("*"))


def test_bad_input_ends_the_process_with_2_and_no_traceback(tmp_path: Path) -> None:
    done = run_alone("train", "--dropout.p", "3", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "Error: dropout.p is 3; it must be ≤ 0.95."
    assert done.stdout == ""


def start_long_run(tmp_path: Path) -> subprocess.Popen[str]:
    arguments = ["train", "--width", "4", "--epochs", "1000", "--per-class", "100", "--json", "--instruments", "none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", *arguments, "--out", str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"EpochDone"' in line:
            return process
    raise AssertionError("no epoch was ever done")


def test_ctrl_c_leaves_a_loadable_run(tmp_path: Path) -> None:
    process = start_long_run(tmp_path)
    process.send_signal(signal.SIGINT)
    rest, _errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(rest.splitlines()[-1])["outcome"] == "stopped"
    record = open_run(tmp_path / "run")
    assert record.ended is not None
    assert record.ended.outcome == "stopped"
    saved = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    assert saved["step"] == record.series.steps.last


def test_a_kill_leaves_a_loadable_run(tmp_path: Path) -> None:
    process = start_long_run(tmp_path)
    time.sleep(0.3)
    process.kill()
    process.wait(timeout=30)
    record = open_run(tmp_path / "run")
    assert record.ended is None
    assert len(record.epochs) >= 1
    assert "model" in torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file size are a Unix thing")
def test_a_disk_that_fills_up_in_mid_run(tmp_path: Path) -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000));"
        "from explorer.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["train", "--width", "4", "--epochs", "200", "--per-class", "30", "--batch-size", "16", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--instruments", "all", "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"LANGUAGE": "en"},
    )
    assert done.returncode == 1, done.stderr[-500:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["outcome"] == "failed"
    assert "could not be written" in last["reason"]["text"]
    assert "Traceback" not in done.stderr
    assert open_run(tmp_path / "run").series.steps.last > 0
    assert "model" in torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)


def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    """By its folder, by its name, and by a checkpoint; with its own recipe, but for what flags change."""
    runs = tmp_path / "runs"
    common = [*TINY, "--dropout.p", "0.2", "--instruments", "none"]
    run("train", *common, "--epochs", "4", "--out", str(runs / "whole"), home=tmp_path)
    run("train", *common, "--epochs", "2", "--out", str(runs / "part"), home=tmp_path)
    whole = torch.load(runs / "whole" / "checkpoints" / "last.pt", weights_only=True)
    for k, part in enumerate((str(runs / "part"), "part", str(runs / "part" / "checkpoints" / "last.pt"))):
        arguments = ["--resume", part, "--epochs", "4", "--instruments", "none", "--out", str(tmp_path / f"{k}")]
        done = run("train", *arguments, "--no-schedule", home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Epoch 4 of 4" in done.stdout
        record = open_run(tmp_path / f"{k}")
        assert [event.epoch for event in record.epochs] == [3, 4]
        assert record.recipe["techniques"]["dropout"]["p"] == 0.2
        assert "schedule" not in record.recipe["techniques"]
        assert (tmp_path / f"{k}" / "checkpoints" / "best.pt").exists()
        resumed = torch.load(tmp_path / f"{k}" / "checkpoints" / "last.pt", weights_only=True)
        assert resumed["step"] == whole["step"]


def test_weights_without_a_recipe_need_one_to_go_on(tmp_path: Path) -> None:
    torch.save({"model": {"conv.weight": torch.zeros(1)}}, tmp_path / "foreign.pt")
    done = run("train", "--resume", str(tmp_path / "foreign.pt"), home=tmp_path)
    assert done.returncode == 2
    assert "holds no recipe" in done.stderr


def test_compare_trains_every_arm_and_says_how_each_ended(tmp_path: Path) -> None:
    arguments = ["--transfer.backbone", "small_cnn", "--classes", "Sandal,Bag", "--per-class", "8", "--batch-size", "8"]
    arguments += ["--epochs", "2", "--no-augmentation", "--lr", "0.02", "--instruments", "none", "--at-once", "2"]
    done = run("compare", "transfer", *arguments, "--out", str(tmp_path / "to"), home=tmp_path, COLUMNS="120")
    assert done.returncode == 0, done.stderr
    names = ("from scratch", "feature extraction", "fine-tuning")
    table = done.stdout[done.stdout.rindex("Transfer learning") :]
    for name in names:
        record = open_run(tmp_path / "to" / name.replace(" ", "-"))
        assert record.ended is not None
        row = next(line for line in table.splitlines() if name in line)
        assert f"{record.ended.test['accuracy']:.4f}" in row
    assert "Features are computed once" in done.stdout
    assert "start afresh: classifier.weight, classifier.bias" in done.stdout


def test_any_technique_is_compared_with_its_absence(tmp_path: Path) -> None:
    done = run("compare", "skip", *TINY, "--instruments", "none", "--at-once", "1", home=tmp_path, COLUMNS="120")
    assert done.returncode == 0, done.stderr
    recipes = [open_run(folder).recipe["techniques"] for folder in sorted((tmp_path / "runs").iterdir())]
    assert sorted("skip" in techniques for techniques in recipes) == [False, True]


def test_an_arm_that_diverges_is_a_result_and_the_others_go_on(tmp_path: Path) -> None:
    """Fourteen layers without normalization at rate 3: with gradients clipped to 0.5 they learn."""
    recipe = Recipe(depth=14, width=8, lr=3, device="cpu").without("normalization")
    (tmp_path / "deep.json").write_text(recipe.to_json(), encoding="utf-8")
    arguments = [str(tmp_path / "deep.json"), "--clipping.threshold", "0.5"]
    arguments += ["--per-class", "20", "--batch-size", "32", "--epochs", "3", "--instruments", "none"]
    arguments += ["--at-once", "1"]
    done = run("compare", "clipping", *arguments, "--out", str(tmp_path / "to"), home=tmp_path, COLUMNS="120")
    assert done.returncode == 0, done.stdout + done.stderr
    ended = {name: open_run(tmp_path / "to" / name).ended for name in ("without-gradient-clipping", "clip-0.5")}
    assert [end.outcome for end in ended.values() if end] == ["diverged", "finished"]
    table = done.stdout[done.stdout.rindex("Gradient clipping") :]
    assert "diverged" in next(line for line in table.splitlines() if "without gradient clipping" in line)
    assert "finished" in next(line for line in table.splitlines() if "clip 0.5" in line)


def test_seeds_give_a_mean_and_a_spread(tmp_path: Path) -> None:
    arguments = ["--width", "4", "--per-class", "10", "--batch-size", "50", "--epochs", "1", "--instruments", "none"]
    done = run("compare", "dropout", *arguments, "--seeds", "2", "--at-once", "2", home=tmp_path, COLUMNS="120")
    assert done.returncode == 0, done.stderr
    places = [kept_place(folder) for folder in (tmp_path / "runs").iterdir()]
    assert sorted((place.arm, place.seed) for place in places if place) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    accuracies = [open_run(f).ended.test["accuracy"] for f in (tmp_path / "runs").iterdir() if kept_place(f).arm == 1]  # type: ignore[union-attr]
    mean, deviation = sum(accuracies) / 2, abs(accuracies[0] - accuracies[1]) / 2**0.5
    row = next(line for line in done.stdout.splitlines() if "dropout 0.2" in line and "±" in line)
    assert f"{mean:.4f} ± {deviation:.4f}" in row
    assert "finished: 2" in row
    assert "--seeds: 0 is not" in run("compare", "dropout", "--seeds", "0", home=tmp_path).stderr


def test_export_never_writes_over_files_in_silence(tmp_path: Path) -> None:
    run("train", *TINY, "--out", str(tmp_path / "run"), home=tmp_path)
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "steps.csv").write_text("mine")
    export = ["export", str(tmp_path / "run"), "--to", str(tmp_path / "to"), "--format", "csv,pt"]
    done = run(*export, home=tmp_path)
    assert done.returncode == 2
    assert "steps.csv" in done.stderr
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["steps.csv"]
    assert (tmp_path / "to" / "steps.csv").read_text() == "mine"
    assert run(*export, "--replace", home=tmp_path).returncode == 0
    assert (tmp_path / "to" / "steps.csv").read_text().startswith("step,")
    assert (tmp_path / "to" / "best.pt").is_file()


def test_list_and_describe(tmp_path: Path) -> None:
    techniques = json.loads(run("list", "techniques", "--json", home=tmp_path).stdout)
    assert {"dropout", "normalization"} <= {row["name"] for row in techniques}
    data = json.loads(run("list", "data", "--json", home=tmp_path).stdout)
    assert {"fashion-mini", "gauges"} <= {row["name"] for row in data if row["available"]}
    assert "No runs yet" in run("list", "runs", home=tmp_path).stdout
    described = run("describe", "dropout", home=tmp_path).stdout
    assert "Bernoulli" in described
    assert "--dropout.p" in described


def test_help_lists_every_flag(tmp_path: Path) -> None:
    text = run("train", "--help", home=tmp_path).stdout
    for flag in ("--dropout.p", "--no-normalization", "--schedule.kind", "--weight-decay", "--per-class"):
        assert flag in text


def test_export_of_tables_and_checkpoints_needs_no_qt(tmp_path: Path) -> None:
    run("train", *TINY, "--out", str(tmp_path / "run"), home=tmp_path)
    where = ["--to", str(tmp_path / "to"), "--format", "csv,pt"]
    done = run_alone("export", str(tmp_path / "run"), *where, home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "to" / "metrics.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,step,seconds,images_per_second,train_loss")
    assert len(lines) == 3
    assert (tmp_path / "to" / "best.pt").exists()


def test_without_a_display_the_start_command_trains_and_leaves_everything(tmp_path: Path) -> None:
    code = (
        "import sys; from explorer import Recipe, __main__; from explorer.cli import without_display;"
        " tiny = Recipe(width=4, epochs=2, batch_size=32,"
        "data={'name': 'fashion-mini', 'per_class': 20});"
        " without_display.Recipe = lambda: tiny; sys.exit(__main__.main([]))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=around(tmp_path), timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("No display here")
    folder = Path(lines[-1].removeprefix("Everything is in "))
    for panel in ("loss", "metrics", "gradients", "normalization", "samples", "schedule"):
        assert (folder / f"{panel}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / f"{panel}.svg").read_text(encoding="utf-8")
    assert len((folder / "metrics.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert (folder / "window.png").stat().st_size > 20_000
    assert "model" in torch.load(folder / "checkpoints" / "best.pt", weights_only=True)


@pytest.mark.parametrize(
    ("flags", "network", "optimizer"),
    [
        (["--network", "vit", "--network.width", "64"], {"kind": "vit", "width": 64}, {"kind": "sgd"}),
        (["--optimizer", "adamw", "--optimizer.betas", "0.9,0.99"], {}, {"kind": "adamw", "betas": (0.9, 0.99)}),
        (["--depth", "14", "--width", "4"], {"kind": "small_cnn", "depth": 14, "width": 4}, {}),
        (["--momentum", "0.5", "--no-nesterov"], {}, {"momentum": 0.5, "nesterov": False}),
        (["--network", "resnet18", "--network.size", "64"], {"kind": "pretrained", "name": "resnet18", "size": 64}, {}),
        (["--transfer.backbone", "resnet18", "--transfer.size", "64"], {"name": "resnet18", "size": 64}, {}),
        (["--network", "mlp", "--width", "32"], {"kind": "mlp", "width": 32}, {}),
    ],
)
def test_flags_choose_network_and_optimizer(
    flags: list[str], network: dict[str, object], optimizer: dict[str, object]
) -> None:
    parser = Parser()
    commands = parser.add_subparsers()
    train = commands.add_parser("train")
    train.add_argument("recipe", nargs="?")
    recipe_flags(train)
    recipe = recipe_from(parser.parse_args(["train", *flags]))
    assert network.items() <= recipe.network.model_dump().items()
    assert optimizer.items() <= recipe.optimizer.model_dump().items()
    assert recipe.technique(Transfer) is not None or "--transfer.backbone" not in flags


def test_flags_of_earlier_versions_still_do_what_they_did() -> None:
    parser = Parser()
    train = parser.add_subparsers().add_parser("train")
    train.add_argument("recipe", nargs="?")
    recipe_flags(train)
    recipe = recipe_from(parser.parse_args(["train", "--transfer.norm_statistics_update", "--transfer.train", "top"]))
    policy = FrozenNormalization(statistics="followed", affine_trains=False)
    assert (recipe.technique(Transfer), recipe.technique(FrozenNormalization)) == (Transfer(train="top"), policy)


def test_networks_and_optimizers_are_listed_and_described(tmp_path: Path) -> None:
    listed = json.loads(run("list", "networks", "--json", home=tmp_path).stdout)
    assert [row["name"] for row in listed][:5] == ["small_cnn", "mlp", "vit", "pretrained", "efficientnet_lite0"]
    assert "patch" in listed[2]["parameters"]
    assert [row["name"] for row in json.loads(run("list", "optimizers", "--json", home=tmp_path).stdout)] == [
        "sgd",
        "adamw",
        "muon",
    ]
    said = run("describe", "vit", home=tmp_path).stdout
    assert "Vision transformer" in said
    assert "--network.heads" in said


def test_an_ablation_goes_on_and_is_told_in_every_form(tmp_path: Path) -> None:
    arguments = ["ablate", "--width", "4", "--per-class", "10", "--batch-size", "50", "--epochs", "1", "--seeds", "1"]
    arguments += ["--values", "lr=0.05,0.2", "--at-once", "1", "--out", str(tmp_path / "out")]
    done = run(*arguments, "--json", "--csv", str(tmp_path / "t.csv"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [arm["arm"] for arm in found["arms"]] == ["learning rate 0.05", "learning rate 0.2"]
    assert found["baseline"] == "learning rate 0.2"
    assert found["arms"][0]["difference"]["verdict"] == "not distinguishable"
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"learning-rate-0.05", "learning-rate-0.2"}
    again = run(*arguments, "--markdown", str(tmp_path / "t.md"), home=tmp_path)
    assert "2 runs are there already." in again.stdout
    assert "| learning rate 0.05 |" in (tmp_path / "t.md").read_text()
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert "lr=0.02" in run("ablate", "--values", "lr", home=tmp_path).stderr
