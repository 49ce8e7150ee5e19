"""The rules of the house, executable: who imports whom, what runs on import, names and sizes."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]

# The ports are all that activities and services may know of the gateways.
PORTS = {
    f"gateways.{port}"
    for port in (
        "payments",
        "webhooks",
        "emails",
        "documents",
        "faults",
        "credentials",
        "integrations",
        "payouts",
    )
}
MAY_IMPORT: Mapping[str, set[str]] = {
    "domain": set(),
    "gateways": {"domain"},
    "persistence": {"domain"},
    "activities": {"domain", *PORTS},
    "workflows": {"domain", "activities"},
    "services": {"domain", "workflows", "persistence", *PORTS},
    "api": {"domain", "services"},
    "mcp_server": {"domain", "services"},
    "simulators": set(),  # a double that shares our code proves nothing
}
# Composition roots may see everything; nobody but a root imports a root.
ROOTS = {
    *("settings", "connections", "codec", "codec_server", "composition", "worker", "logs"),
    *("cli", "installation", "installed", "occupancy", "endings", "processes", "detaching", "demo"),
    *("failover_demo", "environment", "justifi_demo", "demo_api"),
    *("keys_command", "audit_command", "payouts_command", "payout_steps", "spec_drift_command"),
    "serving",
    *("api.main", "mcp_server.server", "mcp_server.http"),
}

ANY_ROOT = "roots"
LIVES_IN: Mapping[str, set[str]] = {
    "stripe": {"gateways"},
    "sendgrid": {"gateways"},
    "python_http_client": {"gateways"},
    "weasyprint": {"gateways"},
    "fsspec": {"gateways"},
    "segno": {"gateways"},
    "redis": {"gateways"},
    "yaml": {"gateways"},
    "aiohttp": {"gateways", "simulators", ANY_ROOT},
    "httpx": {"gateways", "simulators", ANY_ROOT},
    "httpx2": {"gateways", "simulators", ANY_ROOT},
    "jinja2": {"gateways", "api", "mcp_server", "simulators"},
    "sqlmodel": {"persistence"},
    "sqlalchemy": {"persistence"},
    "alembic": {"persistence"},
    "temporalio": {"workflows", "activities", "services", ANY_ROOT},
    "mcp": {"mcp_server", ANY_ROOT},
    "langsmith": {"mcp_server"},
    "fastapi": {"api", "simulators", ANY_ROOT},
    "starlette": {"api", "simulators", ANY_ROOT},
}
PURE = {
    *("pydantic", "pydantic_core", "iso4217", "babel", "stdnum", "email_validator"),
    *("jsonschema", "referencing", "re2"),
}
MAY_ENTER = {"temporalio", "pydantic", *sys.stdlib_module_names}  # the sandbox

WORK = {
    *("create_async_engine", "create_engine", "connect_temporal", "connect_database", "Settings"),
    *("StripeClient", "SendGridAPIClient", "ClientSession", "AsyncClient", "connect", "urlopen"),
    *("open", "read_text", "read_bytes", "write_text", "mkdir", "getenv", "Popen", "Thread"),
}
VAGUE_MODULES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
VAGUE_FUNCTIONS = ("handle_", "process_")
SQLALCHEMYS_OWN = {"process_bind_param", "process_result_value"}
LONGEST_FUNCTION = 40
LONGEST_FILE = 300

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def layer(self) -> str:
        is_root = self.name in ROOTS or self.path.parent == HOUSE
        return ANY_ROOT if is_root else self.name.partition(".")[0]

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path.relative_to(HOUSE)}:{node.lineno}"


def _read(path: Path) -> Module:
    name = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
    return Module(name.removesuffix(".__init__"), path, ast.parse(path.read_text("utf-8")))


def _all_modules() -> list[Module]:
    paths = [
        *HOUSE.glob("*.py"),
        *(p for layer in MAY_IMPORT for p in (HOUSE / layer).rglob("*.py")),
    ]
    return [_read(path) for path in sorted(paths)]


MODULES = _all_modules()
OURS = set(MAY_IMPORT) | ROOTS
KNOWN = {module.name for module in MODULES}


def _targets(module: Module, node: ast.AST) -> Iterator[str]:
    """The modules an import statement names; of ``from gateways import emails`` the inner one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            package = module.name.split(".")[: -node.level]
            source = ".".join([*package, *filter(None, [source])])
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            yield inner if inner in KNOWN else source


def _imports(module: Module, within: ast.AST | None = None) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(within or module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node, target) for target in _targets(module, node))


def _is_ours(target: str) -> bool:
    return target in OURS or target.partition(".")[0] in OURS


def _is_allowed(layer: str, target: str) -> bool:
    package = target.partition(".")[0]
    return package == layer or not {package, target}.isdisjoint(MAY_IMPORT[layer])


def _runs_on_import(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node executed by importing: all but function bodies and the main guard."""
    for node in statements:
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            continue
        yield node
        if isinstance(node, Function):
            yield from _runs_on_import([*node.decorator_list, *node.args.defaults])
        elif not isinstance(node, ast.Lambda):
            yield from _runs_on_import(ast.iter_child_nodes(node))


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else None


def test_every_layer_imports_only_what_it_may() -> None:
    assert [
        f"{module.at(node)} {module.layer} may not import {target}"
        for module in MODULES
        if module.layer != ANY_ROOT
        for node, target in _imports(module)
        if _is_ours(target) and (target in ROOTS or not _is_allowed(module.layer, target))
    ] == []


def test_only_known_roots_stand_at_the_top_level() -> None:
    assert {module.name for module in MODULES if module.path.parent == HOUSE} <= ROOTS


def test_every_library_lives_where_it_belongs() -> None:
    assert [
        f"{module.at(node)} {target} belongs in {sorted(homes)}"
        for module in MODULES
        for node, target in _imports(module)
        if (homes := LIVES_IN.get(target.partition(".")[0])) and module.layer not in homes
    ] == []


def test_the_domain_is_pure() -> None:
    assert [
        f"{module.at(node)} {target} does not belong in the domain"
        for module in MODULES
        if module.layer == "domain"
        for node, target in _imports(module)
        if target.partition(".")[0] not in {"domain", *PURE, *sys.stdlib_module_names}
    ] == []


def _passed_through(module: Module) -> list[ast.With]:
    return [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.With)
        and any(_called(item.context_expr) == "imports_passed_through" for item in node.items)
    ]


def _defines_a_workflow(module: Module) -> bool:
    classes = (node for node in module.tree.body if isinstance(node, ast.ClassDef))
    return any("defn" in ast.dump(mark) for c in classes for mark in c.decorator_list)


def _sandbox_breaches(module: Module) -> Iterator[str]:
    """What stands beside the stories (options, waiting) is passed through by those who use it."""
    blocks = _passed_through(module)
    if len(blocks) > 1:
        yield f"{module.at(blocks[1])} a second imports_passed_through() block"
    inside = {node for block in blocks for node, _ in _imports(module, block)}
    for node, target in _imports(module):
        package = target.partition(".")[0]
        is_of_the_story = package in {"domain", "activities", "workflows"}
        if is_of_the_story != (node in inside) and _defines_a_workflow(module):
            yield f"{module.at(node)} {target} is on the wrong side of the block"
        elif not is_of_the_story and package not in MAY_ENTER:
            yield f"{module.at(node)} {target} may not enter the sandbox"


def test_a_workflow_file_passes_through_our_own_modules_and_nothing_else() -> None:
    workflows = [module for module in MODULES if module.layer == "workflows"]
    assert [breach for module in workflows for breach in _sandbox_breaches(module)] == []


def test_no_module_opens_a_file_an_engine_or_a_client_on_import() -> None:
    assert [
        f"{module.at(node)} {_called(node)}() runs on import"
        for module in MODULES
        for node in _runs_on_import(module.tree.body)
        if isinstance(node, ast.expr) and _called(node) in WORK
    ] == []


WATCHED_IMPORT = """
import importlib, sys
WORK = ("socket.connect", "socket.getaddrinfo", "sqlite3.connect", "os.system", "os.mkdir")
HEAVY = {"weasyprint", "alembic", "s3fs", "playwright", "langsmith"}
done = []
sys.addaudithook(lambda event, _: done.append(event) if event in WORK else None)
roots, rest = (names.split() for names in sys.argv[1:])
for name in roots:
    importlib.import_module(name)
    assert not done, f"importing {name} did {done}"
    assert not HEAVY & set(sys.modules), f"{name} loads {HEAVY & set(sys.modules)} before its use"
for name in rest:
    importlib.import_module(name)
    assert not done, f"importing {name} did {done}"
"""


@pytest.mark.slow
def test_importing_a_module_touches_neither_network_nor_disk_and_no_root_loads_much() -> None:
    roots = sorted(ROOTS & KNOWN)
    rest = sorted(name for name in KNOWN - ROOTS if ".migrations" not in name)
    # -B: Python itself makes folders for what it compiles, on the first run in a fresh checkout.
    watched = [sys.executable, "-B", "-c", WATCHED_IMPORT, " ".join(roots), " ".join(rest)]
    imported = subprocess.run(watched, cwd=HOUSE, capture_output=True, text=True, timeout=100)
    assert imported.returncode == 0, imported.stderr


def _functions(module: Module) -> Iterator[Function]:
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def test_no_name_says_nothing() -> None:
    vague = [m.name for m in MODULES if not VAGUE_MODULES.isdisjoint(m.name.split("."))]
    vague += [
        f"{module.at(function)} {function.name}"
        for module in MODULES
        for function in _functions(module)
        if function.name.lstrip("_").startswith(VAGUE_FUNCTIONS)
        and function.name not in SQLALCHEMYS_OWN
    ]
    assert vague == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_says_what_it_is_for_and_stays_short(module: Module) -> None:
    assert ast.get_docstring(module.tree), f"{module.path} has no docstring"
    if "migrations.versions" in module.name:
        return  # a schema change is one long list, written once
    lines = len(module.path.read_text("utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{module.path} has {lines} lines"
    long = [
        f"{module.at(function)} {function.name} has {length} lines"
        for function in _functions(module)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []
