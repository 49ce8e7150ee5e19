"""What the README says to type, typed."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from tests.journeys.house import House

pytestmark = [pytest.mark.slow]
README = Path(__file__).parents[3] / "README.md"
_CHARGING = re.compile(r"## Bring accounts of your own.*?```sh\n(.*?)```", re.DOTALL)


async def test_a_customer_is_charged_as_the_readme_says(house: House) -> None:
    found = _CHARGING.search(README.read_text("utf-8"))
    assert found is not None
    settings = house.running.settings
    typed = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", found[1]),
        env={**os.environ, "PAYBIND": settings.api_url, "KEY": house.running.api_key},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await typed.communicate()

    decoder, text, answers = json.JSONDecoder(), printed.decode(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    tested, profile, payment = answers
    assert typed.returncode == 0
    assert tested["status"] == "active"
    assert profile["result"]["customer_id"] == "cust_abc"
    assert payment["result"]["status"] == "succeeded"
    assert (payment["result"]["amount"], payment["result"]["currency"]) == (10_000, "USD")
