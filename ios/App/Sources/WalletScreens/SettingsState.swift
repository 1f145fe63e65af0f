import HazelBridge
import HazelWallet

/// Settings: checking everything again, and taking the wallet off this phone.
public struct SettingsState: Equatable, Sendable {
    public private(set) var audit = Patience<[Phrase]>.idle
    /// What the audit found, in English, for whoever can help.
    public private(set) var findings: [String] = []
    /// The person must type this before a wallet is destroyed.
    public let safeWord: String
    public var typed = ""

    /// `safeWord` is a word of the person's language.
    public init(safeWord: String) { self.safeWord = safeWord }

    public mutating func begin(now: UInt64) { audit = .begun(now: now, seconds: 120) }
    public mutating func tick(now: UInt64) { audit.tick(now: now) }
    /// The person's own stopping is no mishap.
    public mutating func failed(_ error: any Error) {
        let wasStopped = (error as? HazelError)?.code == "stopped"
        audit = wasStopped ? .done([Phrase("audit_stopped")]) : .failed(Mishap(error))
    }

    public mutating func heard(_ report: AuditReport) {
        findings = report.findings
        var lines = [
            Phrase("audit_tallies", counting: report.tallies),
            Phrase("audit_entries", counting: report.chits),
            Phrase("audit_signatures", counting: report.signatures),
        ]
        if report.strayPages > 0 { lines.append(Phrase("audit_stray", counting: report.strayPages)) }
        lines.append(report.findings.isEmpty ? Phrase("audit_well") : Phrase("audit_findings", counting: UInt64(report.findings.count)))
        audit = .done(lines)
    }

    /// Whether the wallet may be destroyed. What was signed stays owed.
    public var mayWipe: Bool { typed.lowercased().filter { $0.isLetter } == safeWord.lowercased() && !safeWord.isEmpty }
}
