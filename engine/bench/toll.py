"""The toll of a trial of kills: what was killed, what that did, and how it is said."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class Kills:
    """What was killed, and what that did."""

    count: int
    seed: int
    moments: dict[str, int] = field(default_factory=dict)           # "worker, walking": how often
    jobs: int = 0
    takes: int = 0
    promises: dict[str, int] = field(default_factory=dict)          # "submit": how many were acknowledged
    lost: dict[str, list[str]] = field(default_factory=dict)        # kind: what; all empty when nothing is lost
    orphans: list[str] = field(default_factory=list)
    windows: int = 0                # times that a job went on from a checkpoint after its worker was killed
    steps_lost: int = 0             # steps that were in a checkpoint and were walked again
    retried: int = 0                # jobs given up because workers were killed over and over, and put in line again
    again: float = 0.0              # seconds of work done again
    worst: float = 0.0              # of one job
    back: float = 0.0               # seconds from the death of a worker until the next one had a job in hand, the median
    seconds: float = 0.0            # of it all

    @property
    def well(self) -> bool:
        """Whether nothing was lost and nothing left over."""
        return not any(self.lost.values()) and not self.orphans and not self.steps_lost

    def to_json(self) -> dict:
        """Everything, as values that JSON has."""
        return asdict(self) | {"well": self.well}

    def text(self) -> str:
        """For a terminal."""
        kills = "\n".join(f"    {count:>4}  {moment}" for moment, count in sorted(self.moments.items()))
        lost = "\n".join(f"    {len(what):>4}  {kind}" + "".join(f"\n          {one}" for one in what[:5]) for kind, what in self.lost.items())
        promised = ", ".join(f"{count} {what}" for what, count in sorted(self.promises.items()))
        return (
            f"{sum(self.moments.values())} kills in {self.seconds:.0f} s, by victim and moment:\n{kills}\n"
            f"{self.jobs} jobs, {self.takes} takes. Acknowledged before a kill: {promised}. Lost of that:\n{lost}\n"
            f"    {self.steps_lost:>4}  finished steps of {self.windows} walks that went on from a checkpoint\n"
            f"    {len(self.orphans):>4}  orphans after the next start" + "".join(f"\n          {one}" for one in self.orphans[:10]) + "\n"
            f"{self.again:.1f} s of work were done again, {self.worst:.1f} s of one job at most; {self.retried} jobs were put in line again; "
            f"{self.back:.1f} s from a worker's death to the next job in hand."
        )
