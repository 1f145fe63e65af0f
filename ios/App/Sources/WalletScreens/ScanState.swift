import HazelBridge

/// What a scan asks of the person, or of the wallet.
public enum ScanStep: Equatable, Sendable {
    /// Answer an invitation: ask what to grant.
    case answer(code: Code, partner: String, granted: Terms)
    /// Take it in: payments, receipts, messages, offers.
    case take(Code)
    /// Take the invoice in, then show what paying it would mean.
    case pay(Code, tally: String, invoice: String)
    /// Shown, and nothing else: never followed.
    case show(Phrase)
    case failed(Mishap)
}

/// The scanner: looks until something is found, and says how far a moving code is.
public struct ScanState: Equatable, Sendable {
    public private(set) var step: ScanStep?
    public private(set) var have: UInt32 = 0
    public private(set) var of: UInt32 = 0
    /// What came of what was taken in.
    public private(set) var result = Patience<[Phrase]>.idle
    private var lastText = ""

    public init() {}

    /// Part of a moving code: how far.
    public var progress: Phrase? { of > 0 && step == nil ? Phrase("frame_of", "\(have)", "\(of)") : nil }

    /// The camera has read something. It reads the same many times a second.
    public mutating func see(_ scanned: Scanned, text: String) {
        guard step == nil || text != lastText else { return }
        lastText = text
        switch (scanned.meaning, scanned.code) {
        case (.part(let have, let of), _): (self.have, self.of) = (have, of)
        case (.ticket(_, let partner, let granted, _), let code?): step = .answer(code: code, partner: partner, granted: granted)
        case (.invoice(let tally, let invoice, _, _), let code?): step = .pay(code, tally: tally, invoice: invoice)
        case (.offer, let code?), (.payment, let code?), (.receipted, let code?), (.receipt, let code?), (.messages, let code?):
            step = .take(code)
        case (.address(let address), _): step = .show(Phrase("scan_address", address))
        case (.verification(let digest), _):
            step = .show(Phrase("scan_verification", digest.prefix(8).map { String($0, radix: 16, uppercase: false) }.joined(separator: " ")))
        case (.mychips, _): step = .show(Phrase("scan_mychips"))
        case (.foreign(_, let text), _): step = .show(Phrase("scan_foreign", String(text.prefix(80))))
        case (.refused(let trouble), _): step = .failed(Mishap(trouble))
        default: step = .show(Phrase("scan_nothing"))
        }
    }

    /// Looks again.
    public mutating func again() { self = ScanState() }

    public mutating func begin(now: UInt64) { result = .begun(now: now, seconds: 10) }
    public mutating func failed(_ error: any Error) { result = .failed(Mishap(error)) }
    public mutating func tick(now: UInt64) { result.tick(now: now) }

    /// The wallet has taken it in.
    public mutating func took(_ tidings: Tidings) { result = .done(told(tidings)) }
}

/// What something that came in has changed, line by line.
public func told(_ tidings: Tidings) -> [Phrase] {
    var lines = tidings.payments.map { Phrase("told_payment", amount($0)) }
    lines += tidings.asked.map { Phrase("told_asked", amount($0)) }
    if !tidings.outside.isEmpty { lines.append(Phrase("told_outside")) }
    if tidings.answered > 0 { lines.append(Phrase("told_answered")) }
    if tidings.held { lines.append(Phrase("told_held")) }
    if tidings.ordered != nil { lines.append(Phrase("told_ordered")) }
    if !tidings.forks.isEmpty { lines.append(Phrase("told_fork")) }
    if tidings.waiting { lines.append(Phrase("told_waiting")) }
    if !tidings.refused.isEmpty { lines.append(Phrase("told_refused")) }
    if tidings.reply { lines.append(Phrase("told_reply")) }
    return lines.isEmpty ? [Phrase("told_nothing")] : lines
}
