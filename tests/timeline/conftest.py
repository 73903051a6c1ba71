"""Hypothesis as it runs here: no deadlines, for the machine may be busy, and the same examples every time.

CINELOOM_EXAMPLES=2000 looks at so many others instead.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("cuts", deadline=None, derandomize="CINELOOM_EXAMPLES" not in os.environ, report_multiple_bugs=False, max_examples=int(os.environ.get("CINELOOM_EXAMPLES", 60)),
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
settings.load_profile("cuts")
