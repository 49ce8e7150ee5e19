"""Connections that the composition roots make: Temporal, the database, and the secrets for both."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import GrpcCompression

from codec import EncryptionCodec
from domain.errors import Code, Unavailable
from domain.payouts import PayoutAccount
from domain.tenants import PLATFORM_TENANT
from gateways.brand import Brand
from gateways.integrations import GatewayProviders
from gateways.keyring import Keyring
from gateways.payouts import PayingOutProvider
from gateways.signed_urls import SignedUrls
from persistence.database import Database
from persistence.payout_accounts import PayoutAccountRecords
from settings import Settings
from workflows import attributes, options

_KEYS = "keys"  # in a worker's identity its keys' marks follow this word


def keyring(settings: Settings) -> Keyring:
    """The configured keys; in development, one generated under ``.paybind/`` at the first start."""
    if settings.paybind_encryption_keys is not None:
        return Keyring.parse(settings.paybind_encryption_keys.get_secret_value())
    return Keyring.parse(
        kept_secret(settings.paybind_home / "encryption_keys", Keyring.generate("dev"))
    )


def data_converter(settings: Settings) -> DataConverter:
    return replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(keyring(settings)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect_temporal(settings: Settings, metrics_address: str | None = None) -> Client:
    """``metrics_address`` serves the SDK's own metrics to Prometheus, host:port."""
    telemetry = TelemetryConfig(
        metrics=PrometheusConfig(
            bind_address=metrics_address,
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
        if metrics_address
        else None
    )
    return await Client.connect(
        settings.temporal,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(settings),
        runtime=Runtime(telemetry=telemetry),
        grpc_compression=GrpcCompression.NONE,  # on a fast network it only costs time
    )


def worker_identity(settings: Settings) -> str:
    """What Temporal shows of a worker: where it runs, and the marks of its keys."""
    marks = keyring(settings).marks
    return " ".join((f"{os.getpid()}@{socket.gethostname()}", _KEYS, *sorted(marks)))


async def require_keys_of_workers(settings: Settings) -> None:
    """Before a command tells a workflow anything: what no worker can open would stop it for good.

    Where no worker has polled for some minutes there is nothing to compare with.
    """
    client, own = await connect_temporal(settings), keyring(settings)
    asked = DescribeTaskQueueRequest(
        namespace=settings.temporal_namespace,
        task_queue=TaskQueue(name=options.PURCHASES),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    polled = await client.workflow_service.describe_task_queue(asked)
    identities = [each.identity.split() for each in polled.pollers]
    told = [set(words[words.index(_KEYS) + 1 :]) for words in identities if _KEYS in words]
    if told and not any(own.active_mark in marks for marks in told):
        raise Unavailable(
            f"no worker has the key {own.active} that this process seals under",
            code=Code.ENCRYPTION_KEYS_DIFFER,
        )


async def register_search_attributes(settings: Settings) -> None:
    """Make a Temporal server know ours; one that knows them already is left as it is."""
    client = await connect_temporal(settings)
    kinds = {"Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    kinds["Bool"] = IndexedValueType.INDEXED_VALUE_TYPE_BOOL
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=settings.temporal_namespace)
    )
    missing = {name: kinds[kind] for name, kind in attributes.ALL.items()}
    missing = {name: kind for name, kind in missing.items() if name not in known.custom_attributes}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=settings.temporal_namespace, search_attributes=missing
            )
        )


def connect_database(settings: Settings) -> Database:
    settings.paybind_home.mkdir(parents=True, exist_ok=True)
    return Database(settings.database)


def payout_accounts(
    settings: Settings,
    database: Database,
    providers: GatewayProviders,
    environment: Iterable[str],
) -> PayoutAccountRecords:
    """``environment`` names the providers whose keys are set here: their accounts have no row."""
    own = (
        PayoutAccount(tenant_id=PLATFORM_TENANT, provider=provider, livemode=settings.livemode)
        for provider in environment
    )
    paying = (code for code, each in providers.items() if isinstance(each, PayingOutProvider))
    return PayoutAccountRecords(database, frozenset(paying), tuple(own))


def signed_urls(settings: Settings) -> SignedUrls:
    return SignedUrls(
        settings.api_url,
        keyring(settings).signing_secrets(),
        settings.document_link_seconds,
        settings.payment_success_url,
        settings.payment_cancel_url,
    )


def brand(settings: Settings) -> Brand:
    lines = (line.strip() for line in settings.email_address.split("|"))
    return Brand(
        name=settings.email_from_name,
        email=settings.email_from,
        address=tuple(filter(None, lines)),
        telephone=settings.brand_telephone,
        signatory=settings.brand_signatory,
    )


def kept_secret(path: Path, fresh: str) -> str:
    """A secret made once. Processes that start together agree: the first to link its file wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as draft:
            draft.write(fresh)  # readable by its owner alone
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text("utf-8")
