"""What the README and the guides say to type, typed from top to bottom."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from tests.journeys.house import House

pytestmark = [pytest.mark.slow]
HOUSE = Path(__file__).parents[3]
_CHARGING = re.compile(r"## Bring accounts of your own.*?```sh\n(.*?)```", re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)

Json = dict[str, object]


async def typed(house: House, home: Path, script: str) -> list[Json]:
    """What is answered. The shell stops at the first thing that fails, a refusal among them."""
    (home / ".curlrc").write_text("fail-with-body\n")
    given = {"PAYBIND": house.running.settings.api_url, "KEY": house.running.api_key}
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        env={**os.environ, **given, "CURL_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await shell.communicate()
    assert shell.returncode == 0, printed
    decoder, text, answers = json.JSONDecoder(), printed.decode(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    return answers


def result_of(execution: Json) -> Json:
    result = execution["result"]
    assert isinstance(result, dict)
    return result


async def test_a_customer_is_charged_as_the_readme_says(house: House, tmp_path: Path) -> None:
    found = _CHARGING.search((HOUSE / "README.md").read_text("utf-8"))
    assert found is not None

    tested, profile, payment = await typed(house, tmp_path, found[1])

    assert tested["status"] == "active"
    assert result_of(profile)["customer_id"] == "cust_abc"
    charged = {"status": "succeeded", "amount": 10_000, "currency": "USD"}
    assert charged.items() <= result_of(payment).items()


async def test_an_account_backs_another_up_as_the_guide_says(house: House, tmp_path: Path) -> None:
    guide = (HOUSE / "docs" / "guides" / "integrations.md").read_text("utf-8")

    shell = "".join(_SHELL.findall(guide))
    first, backup, swapped, ruled = await typed(house, tmp_path, shell)

    assert (first["is_default"], backup["is_default"], swapped["is_default"]) == (True, False, True)
    assert swapped["integration_id"] == ruled["integration_id"] == backup["integration_id"]
    assert ruled["failover_decline_codes"] == ["processing_error", "try_again_later"]
