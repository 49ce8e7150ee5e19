"""What `paybind audit verify` finds: entries that are not as they were written, or not there."""

from enum import StrEnum

from domain.audit import BEGINNING, AuditEntry
from domain.errors import Code, Invalid
from domain.model import Model


class AuditFault(StrEnum):
    ALTERED = "altered"  # its contents do not give its hash
    MISSING = "missing"
    REPLACED = "replaced"  # another one stood there when the next was written, or was noted


class AuditFinding(Model):
    """Of several in a row that are missing, ``number`` is the first."""

    tenant_id: str
    number: int
    fault: AuditFault
    detail: str | None = None


class Head(Model):
    """A tenant's newest entry. Noted elsewhere, it proves later that no newer ones were cut off.

    Written ``tenant=number:hash``.
    """

    tenant_id: str
    number: int = 0
    hash: str = BEGINNING

    @classmethod
    def parse(cls, text: str) -> "Head":
        tenant_id, _, place = text.rpartition("=")
        number, _, digest = place.partition(":")
        if not (tenant_id and number.isascii() and number.isdigit() and digest):
            raise Invalid(Code.INVALID_REQUEST, "a noted head is written TENANT=NUMBER:HASH")
        return cls(tenant_id=tenant_id, number=int(number), hash=digest)

    def __str__(self) -> str:
        return f"{self.tenant_id}={self.number}:{self.hash}"

    def findings_before(self, entry: AuditEntry) -> tuple[AuditFinding, ...]:
        """What is wrong with ``entry``, or between it and this one, the one before it."""
        findings = []
        if entry.number > self.number + 1:
            last = entry.number - 1
            detail = None if last == self.number + 1 else f"up to {last}"
            findings.append(self._finding(self.number + 1, AuditFault.MISSING, detail))
        elif entry.previous_hash != self.hash and self.number:
            findings.append(self._finding(self.number, AuditFault.REPLACED))
        if not entry.is_as_written:
            findings.append(self._finding(entry.number, AuditFault.ALTERED))
        return tuple(findings)

    def finding_at(self, found: str | None) -> AuditFinding | None:
        """Of this one as it was noted; ``found`` is the hash of the entry that has its number."""
        if found is None:
            return self._finding(self.number, AuditFault.MISSING, "it was noted as the newest")
        if found != self.hash:
            return self._finding(self.number, AuditFault.REPLACED, "another hash was noted")
        return None

    def _finding(self, number: int, fault: AuditFault, detail: str | None = None) -> AuditFinding:
        return AuditFinding(tenant_id=self.tenant_id, number=number, fault=fault, detail=detail)


class AuditVerdict(Model):
    entries: int
    heads: tuple[Head, ...]
    findings: tuple[AuditFinding, ...]
