"""A policy is printed, arrives, and may come back; nothing else moves its status."""

from domain.policies import PolicyStatus, PolicyStep


def test_these_are_all_the_steps_of_a_policy() -> None:
    none, issued, delivered = PolicyStatus.NONE, PolicyStatus.ISSUED, PolicyStatus.DELIVERED
    assert {(step.name, step.before, step.after) for step in PolicyStep} == {
        ("PRINTED", none, issued),
        ("ARRIVED", issued, delivered),
        ("BOUNCED", delivered, issued),
    }


def test_no_step_leads_to_cancelled_or_from_it() -> None:
    ends = {status for step in PolicyStep for status in (step.before, step.after)}
    assert PolicyStatus.CANCELLED not in ends
