"""The proof that the audit log is as it was written: every chain from its beginning to its head."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.audit_verification import AuditFinding, AuditVerdict, Head
from persistence.audit import AuditRecords


@dataclass(frozen=True)
class AuditVerification:
    records: AuditRecords

    async def verify(self, noted: Sequence[Head] = ()) -> AuditVerdict:
        """``noted`` are heads of earlier proofs: without them a tail cut off is not seen."""
        entries, findings = 0, list[AuditFinding]()
        heads: dict[str, Head] = {}
        at_noted: dict[tuple[str, int], str | None]
        at_noted = {(each.tenant_id, each.number): None for each in noted}
        async for entry in self.records.chains():
            entries += 1
            tenant_id, number = entry.tenant_id, entry.number
            findings += heads.get(tenant_id, Head(tenant_id=tenant_id)).findings_before(entry)
            heads[tenant_id] = Head(tenant_id=tenant_id, number=number, hash=entry.hash)
            if (tenant_id, number) in at_noted:
                at_noted[tenant_id, number] = entry.hash
        for each in noted:
            finding = each.finding_at(at_noted[each.tenant_id, each.number])
            findings += [finding] if finding else []
        return AuditVerdict(entries=entries, heads=tuple(heads.values()), findings=tuple(findings))
