"""The training loop of the script, as a text with places for fragments; and what every script needs below it."""

from __future__ import annotations

TRAIN = '''
def train(path="images.npz"):
    """Train on the images in `path`; the loss of every step, and (loss, accuracy) on validation after every epoch."""
    #: threads
    torch.set_flush_denormal(True)  # numbers below 1e-38 make a processor slow, and add nothing
    images = load(path)
    classes, labels = len(images["classes"]), images["train_labels"]
    model = start(Network(images["train_images"], classes)).to(DEVICE, memory_format=torch.channels_last)
    #: model
    optimizer = #= optimizer
    steps_per_epoch = #= steps
    losses, measured = [], []
    #: before

    def loss_of(x, targets, *piece):
        """Of one forward pass: how far the answers are from the targets, in nats."""
        #: reseed
        #: forward
        #: loss
        #: objective
        return loss

    for epoch in range(EPOCHS):
        model.train()
        #: epoch
        order = torch.randperm(len(labels), generator=stream(SEED, "order", epoch)).to(DEVICE)
        #: order
        for indices in order[: steps_per_epoch * BATCH_SIZE].split(BATCH_SIZE):
            step = len(losses)
            x = to_float(images["train_images"][indices])
            targets = torch.eye(classes, device=DEVICE)[labels[indices]]
            #: targets
            #: images

            optimizer.zero_grad()
            #: backward
            #: gradients

            for group in optimizer.param_groups:
                group["lr"] = #= rate
            optimizer.step()
            losses.append(loss.item())
            #: after_step

        #: before_measuring
        validation_loss, accuracy = evaluate(model, images["validation_images"], images["validation_labels"])
        measured.append((validation_loss, accuracy))
        print(f"epoch {epoch + 1:3}: validation loss {validation_loss:.4f}, accuracy {accuracy:.4f}", flush=True)
        #: measured
        #: after_measuring
        #: epoch_ends

    #: end
    test_loss, accuracy = evaluate(model, images["test_images"], images["test_labels"])
    print(f"test: loss {test_loss:.4f}, accuracy {accuracy:.4f}")
    return losses, measured
'''

START = '''
def start(model):
    """Draw the start weights; each layer from a stream of its own, so that another layer more or less moves none."""
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            rng = stream(SEED, "weights", name)
            #: start
    #: start_whole
    return model
'''

TORCH_START = """
nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=rng)  # torch's own: uniform within ±1/√fan_in
if layer.bias is not None:
    bound = layer.weight[0].numel() ** -0.5
    nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
"""

STREAMS = '''
def number(*key):
    """A number that follows from `key` alone."""
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def stream(*key, device="cpu"):
    """A generator of its own for each purpose and step: what one draws moves nothing that another draws."""
    return torch.Generator(device).manual_seed(number(*key))
'''

IMAGES = '''
def load(path):
    """Images uint8 (N, C, H, W) and labels (N,) to train, validate and test on, and the names of the classes."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    tensors = {name: torch.from_numpy(array).to(DEVICE) for name, array in arrays.items() if array.dtype.kind != "U"}
    return {**tensors, "classes": arrays["classes"].tolist()}


def to_float(images):
    """uint8 → float32 in [0, 1], channels last: the layout in which convolutions are fast."""
    return images.to(torch.float32, memory_format=torch.channels_last).div_(255)


class Standardize(nn.Module):
    """(x − mean) / std per channel, by the numbers of the training images."""

    def __init__(self, images):
        super().__init__()
        if len(images) > 10_000:
            images = images[torch.randperm(len(images), generator=stream("pixels", len(images)))[:10_000]]
        pixels = images.cpu().float().div_(255)
        self.register_buffer("mean", pixels.mean(dim=(0, 2, 3)).view(1, -1, 1, 1))
        self.register_buffer("std", pixels.std(dim=(0, 2, 3)).clamp(min=1e-3).view(1, -1, 1, 1))

    def forward(self, x):
        return (x - self.mean) / self.std
'''

DIVERGENCE = '''
def divergence(logits, targets):
    """Mean Kullback–Leibler divergence from `targets` to softmax(logits): with one-hot targets, cross-entropy."""
    return functional.kl_div(functional.log_softmax(logits.float(), dim=1), targets, reduction="batchmean")
'''

EVALUATE = '''
@torch.no_grad()
def evaluate(model, images, labels):
    """Loss (cross-entropy, nats) and accuracy, in evaluation mode."""
    model.eval()
    parts = torch.tensor_split(images, -(-len(images) // 500))
    #: predict
    return functional.cross_entropy(logits, labels).item(), (logits.argmax(dim=1) == labels).float().mean().item()
'''
