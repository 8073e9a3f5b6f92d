"""The error of three losses against the number of samples, beside the Bayes-optimal student."""

from dataclasses import replace

from pages.kit.explorer import Number, View
from pages.kit.grids import around
from pages.kit.picture import Axis, Curve, Picture, Vertical
from pages.kit.words import above, percent, tell
from pages.teacher_student.convex import (
    ALPHA,
    AXES,
    COINS,
    ERROR,
    FLIPS,
    ID,
    LOSS,
    MAP,
    RIDGE,
    ROLES,
    at,
    bayes,
    curve,
    experiment,
    recipe,
    rings,
    weight,
)


def picture(state: dict, points: int) -> Picture:
    now = at(state)
    threshold = at(state, lam=1.0)["alpha_sep"]
    curves = []
    for loss, role in ROLES.items():
        grid = around(1.0 if loss == "square" else threshold, AXES["alpha"].low, AXES["alpha"].high, points, 0.15)
        found = curve(state, "alpha", grid, loss=loss)
        curves.append(Curve(loss, grid, found["gen_error"], role, weight=weight(state, loss)))
        curves.append(Curve(loss, grid, found["train_error"], role, weight=weight(state, loss), panel=1, legend=False))
    marks = [Vertical(f"α_sep = {threshold:.3g}", threshold)]
    if state["lam"] < 0.05:
        marks.append(Vertical("N = D", 1.0, role=ROLES["square"]))
    return Picture(
        "Test and training error of three losses",
        AXES["alpha"],
        (ERROR, Axis("ε_t", "training error")),
        (*curves, bayes(grid, found), *rings(state["alpha"], now["gen_error"], now["train_error"])),
        tuple(marks),
        story(state, now, threshold),
        recipe=recipe(state, "alpha", "gen_error", "train_error", "gen_error_bayes"),
    )


def story(state: dict, now: dict, threshold: float) -> str:
    """How far the loss in view is from the optimum here, and why."""
    loss, alpha, error, optimum = state["loss"], state["alpha"], now["gen_error"], now["gen_error_bayes"]
    if state["delta"] == 0.5:
        return COINS
    if now["gen_error"] != now["gen_error"]:
        peak = "at N = D, where the square loss just fits every label" if loss == "square" else "at the separability threshold"
        return f"Without ridge there is no solution exactly {peak}: the weights diverge. Any λ > 0 cures it."
    gap = f"{percent(error)} of fresh labels missed, {above(error, optimum)} ({percent(optimum)})"
    if loss == "square" and state["lam"] < 0.05 and abs(alpha - 1) < 0.3:
        return f"Near N = D the square loss just fits every label, and pays for it: {gap}."
    if loss != "square" and state["lam"] == 0:
        if alpha < threshold:
            return f"Separable: without ridge the {loss} loss finds the widest margin. {gap}."
        estimate = "the maximum-likelihood estimate exists" if loss == "logistic" else "the hinge loss has a minimum without ridge"
        return f"No longer separable (α_sep = {threshold:.3g}): {estimate}. {gap}."
    errors = {other: at(state, loss=other)["gen_error"] for other in ROLES}
    best = min(errors, key=errors.get)
    rest = "no other loss does better with this λ" if best == loss else f"with the same λ, {best} has {percent(errors[best])}"
    return f"At α = {alpha:.3g} the {loss} loss: {gap}; {rest}."


def numbers(state: dict) -> list[Number]:
    now, best, reference = at(state), at(state, lam="opt"), at(state, lam=1.0)
    clean = state["delta"] == 0
    law = "α → ∞: ∝ √α" if state["loss"] == "square" else "widest margin: → 0.5005"
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(reference['gen_error_bayes'])}"),
        Number(r"\varepsilon_g", "with the best ridge", best["gen_error"], f"λ = {tell(best['lam'])}" if best["lam"] >= 0 else ""),
        Number(r"\alpha\,\varepsilon_g", "error times α", state["alpha"] * now["gen_error"], law if clean else ""),
        Number(
            r"\alpha\,\varepsilon_{Bayes}", "the same, optimum", state["alpha"] * reference["gen_error_bayes"], "→ 0.442" if clean else ""
        ),
        Number(r"\alpha_{sep}", "separable below", reference["alpha_sep"], "without flips: always" if clean else "2 for coin flips"),
    ]


VIEW = View(
    id="curves",
    name="Learning curves",
    model=ID,
    question="Which loss learns a rule from the fewest samples?",
    controls=(ALPHA, FLIPS, replace(RIDGE, default=0.01, named={"λ = 0": 0.0}), LOSS),
    picture=picture,
    numbers=numbers,
    presets={
        "three losses": {},
        "the widest margin": {"lam": 0.0, "loss": "hinge", "alpha": 10.0},
        "the square loss peaks": {"lam": 1e-3, "loss": "square", "alpha": 1.0, "delta": 0.1},
        "flipped: separability": {"lam": 0.0, "delta": 0.1, "alpha": 2.51},
        "much data": {"lam": 1e-4, "alpha": 100.0},
    },
    notice=(
        "Without flips the labels are always separable. Bayes errs as 0.442/α, the widest margin (λ = 0) as 0.500/α: lines of the same slope. "
        "The square loss only falls as $α^{-1/2}$, however well it is regularised: it also punishes labels that are *too* right.",
        "One flipped label in a hundred makes the data inseparable beyond $α_{sep}$ = 6.7. Without ridge the logistic loss has a minimum only there.",
        "Without ridge the square loss peaks at N = D, where it just fits every label, flipped or not. Logistic and hinge have no such peak.",
        "With flips and much data all three losses fall as $α^{-1/2}$, while Bayes, who knows the rate of flips, keeps falling as 1/α.",
    ),
    map=MAP,
    experiment=experiment("alpha", (0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0, 6.0, 10.0), ("gen_error", "train_error")),
    members=lambda state: 21,
)
