"""Formulas of lessons: read, said in one line, and refused with what is wrong."""

from __future__ import annotations

import pytest

from explorer.lessons.formula import parse, plain, said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            r"y = \frac{x - \E[x]}{\sqrt{\Var[x] + \epsilon}} \cdot \gamma + \beta",
            "y = (x − E[x]) / (√(Var[x] + ε)) · γ + β",
        ),
        (r"q_k = (1-\epsilon)\,y_k + \frac{\epsilon}{K}", "q_k = (1 − ε)\u2009y_k + ε / K"),
        (r"e^2 + x^{n-1}", "e² + x^(n − 1)"),
        (r"\text{верный класс}", "верный класс"),
        (r"-\log p", "−\u200alog\u2009p"),
    ],
)
def test_a_formula_is_said_in_one_line(text: str, line: str) -> None:
    assert plain(parse(text)) == line


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (r"\frak{a}{b}", "Did you mean frac"),
        (r"\frac{a}", "missing"),
        ("{a", "not closed"),
        ("a}", "too many"),
        ("a_b_c", "two _"),
        (r"\text a", "with braces"),
        ("^2", "missing"),
        ("{" * 20 + "a" + "}" * 20, "too deeply"),
        ("a" * 1000, "400 at most"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_remedy(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse(text)


def test_a_text_is_said_with_its_formulas() -> None:
    assert said("So $$a = b$$ holds.") == "So a = b holds."
