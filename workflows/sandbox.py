"""The sandbox that stories run in: our pure modules are let through, not imported anew each run."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

LET_THROUGH = ("domain", "activities", "gateways", "email_validator", "iso4217", "stdnum")


def sandboxed() -> SandboxedWorkflowRunner:
    """One runner for production and tests alike, so that tests meet the sandbox's refusals."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*LET_THROUGH)
    )
