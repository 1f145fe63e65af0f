import HazelBridge

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
    public mutating func failed(_ error: any Error) { audit = .failed(Mishap(error)) }

    public mutating func heard(_ report: AuditReport) {
        findings = report.findings
        let counted = Phrase("audit_counted", "\(report.tallies)", "\(report.chits)", "\(report.signatures)")
        audit = .done([counted, report.findings.isEmpty ? Phrase("audit_well") : Phrase("audit_findings", "\(report.findings.count)")])
    }

    /// Whether the wallet may be destroyed. What was signed stays owed.
    public var mayWipe: Bool { typed.lowercased().filter { $0.isLetter } == safeWord.lowercased() && !safeWord.isEmpty }
}
