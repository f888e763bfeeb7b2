"""Advice on the craft: numbered rules, each one function and one row of the table.

A rule is no error: the scene would run. `allow: [SG001]` on a shot means it is meant so. Rules
that must know the model say nothing unless the caller brings its facts (`scenegraph.plan.advise`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from scenegraph.errors import Place, did_you_mean
from scenegraph.scene import rules
from scenegraph.scene.model import Scene

Severity = Literal["warning", "advice"]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that probably costs a take, and how to mend it."""

    rule: str
    severity: Severity
    shot: str | None
    message: str
    fix: str
    where: Place

    @property
    def name(self) -> str:
        """The rule's name, as `allow:` takes it too."""
        return next((rule.name for rule in RULES if rule.number == self.rule), "unknown-rule")

    def to_json(self) -> dict[str, Any]:
        place = {"file": self.where.file, "line": self.where.line, "column": self.where.column}
        return {
            "rule": self.rule,
            "name": self.name,
            "severity": self.severity,
            "shot": self.shot,
            "message": self.message,
            "fix": self.fix,
            "where": place,
        }


@dataclass(frozen=True)
class Rule:
    """A numbered rule. Its reason is the docstring of its function."""

    number: str
    name: str
    severity: Severity
    fix: str
    look: Callable[..., Iterable[rules.Seen]]
    needs_model: bool = False

    @cached_property
    def reason(self) -> str:
        return " ".join((self.look.__doc__ or "").split())

    def to_json(self) -> dict[str, str]:
        return {
            "rule": self.number,
            "name": self.name,
            "severity": self.severity,
            "reason": self.reason,
            "fix": self.fix,
        }


RULES: tuple[Rule, ...] = (
    Rule("SG001", "one-beat", "warning", "Keep one beat; give the next one its own shot or hop.",
         rules.more_than_one_beat),
    Rule("SG002", "expand-prompt", "warning", "Set `expand_prompt: false`, or make it a t2v.",
         rules.expanded_prompt),
    Rule("SG003", "frames-snapped", "advice", "Ask for a count of the form that the model makes.",
         rules.snapped_frames),
    Rule("SG004", "mixed-rates", "warning", "Use one frame rate from a chain's start to its end.",
         rules.mixed_rates),
    Rule("SG005", "character-from-words", "warning", "Start from the character's keyframe (i2v).",
         rules.character_from_words),
    Rule("SG006", "many-loras", "warning", "Keep one character and one style.", rules.many_loras),
    Rule("SG007", "lora-scale", "advice", "Start between 0.4 and 0.7.", rules.lora_scale),
    Rule("SG008", "long-prompt", "advice", "Shorten it to what must be seen.", rules.long_prompt),
    Rule("SG009", "steps", "advice", "Use 8 to 10 steps in the first pass, 8 to 12 in the second.",
         rules.odd_steps),
    Rule("SG010", "no-locks", "advice", "Add the missing words, or write the prompt in parts.",
         rules.no_locks),
    Rule("SG011", "new-in-a-hop", "warning", "Start a new shot for it (i2v or multicondition).",
         rules.new_in_a_hop),
    Rule("SG012", "camera-adds-up", "warning", "Let the camera rest after the first hop.",
         rules.camera_adds_up),
    Rule("SG013", "hands-close-up", "advice", "Show the face alone, or frame it wider.",
         rules.hands_in_close_up),
    Rule("SG014", "mixed-aspect", "warning", "Use one aspect ratio in a chain.",
         rules.mixed_aspect),
    Rule("SG015", "long-chain", "advice",
         "Anchor anew with a multicondition every few hops, or set `drift: {plan_ahead: true}`.",
         rules.long_chain),
    Rule("SG016", "nothing-to-follow", "advice", "Name a motion or a parent, or make it an i2v.",
         rules.nothing_to_follow),
    Rule("SG017", "not-in-reel", "advice", "Put it into `reel.order`, or remove it.",
         rules.not_in_reel),
    Rule("SG018", "never-used", "advice", "Use it, or remove it.", rules.never_used),
    Rule("SG019", "canonical-name", "advice", "Use the canonical name.", rules.nearly_canonical),
    Rule("SG020", "rates-in-reel", "advice",
         "Set `reel: {rate_by: blend}` or `interpolate`, or use one rate.", rules.rates_in_reel),
    Rule("SG021", "lora-left-out", "warning", "Give the hop the same LoRAs.",
         rules.lora_left_out),
    Rule("SG022", "unknown-preset-field", "warning", "`scenegraph models MODEL` lists the fields.",
         rules.unknown_preset_field, needs_model=True),
    Rule("SG023", "preset-bent", "advice", "Write a value that the model takes.",
         rules.preset_bent, needs_model=True),
    Rule("SG024", "loras-not-taken", "warning", "Leave them out, or choose another model.",
         rules.loras_not_taken, needs_model=True),
    Rule("SG025", "lora-out-of-reach", "warning",
         "Put the file where the service can read it, and write its address.",
         rules.lora_out_of_reach),
    Rule("SG026", "long-take", "advice", "Make it shorter, and let hops of 4 to 5 seconds go on.",
         rules.long_take),
)  # fmt: skip


def lint(scene: Scene, model: rules.ModelFacts | None = None) -> list[LintFinding]:
    """Everything the rules see, in the order of the file.

    Args:
        model: what the catalog says of the scene's model; None leaves out what needs it.
    """
    allowed = {shot.id: set(shot.allow) for shot in scene.shots}
    findings = []
    for rule in RULES:
        if rule.needs_model and model is None:
            continue
        for seen in rule.look(scene, model) if rule.needs_model else rule.look(scene):
            if {rule.number, rule.name} & allowed.get(seen.shot or "", set()):
                continue
            where = scene.where(*seen.at)
            fix = seen.fix or rule.fix
            findings.append(
                LintFinding(rule.number, rule.severity, seen.shot, seen.message, fix, where)
            )
    known = {word for rule in RULES for word in (rule.number, rule.name)}
    for shot in scene.shots:
        for n, word in enumerate(shot.allow):
            if word not in known:
                where = scene.where("shots", shot.id, "allow", n)
                near = did_you_mean(word, known)
                message = f"Shot {shot.id!r} allows {word!r}, which is no rule.{near}"
                fix = "`scenegraph check --rules` lists them."
                findings.append(LintFinding("SG000", "advice", shot.id, message, fix, where))
    return sorted(findings, key=lambda f: (f.where.line or 0, f.where.column or 0, f.rule))
