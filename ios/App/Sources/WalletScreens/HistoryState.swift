import HazelBridge

/// A tally's history: page after page, narrowed down.
public struct HistoryState: Equatable, Sendable {
    public let tally: String
    public static let pageSize: UInt64 = 50

    public var text = ""
    public var paymentsOnly = false
    public private(set) var rows: [ChitRow] = []
    public private(set) var isComplete = false
    public private(set) var mishap: Mishap?
    // What the rows were asked for by; an answer to an earlier question is thrown away.
    private var question = 0

    public init(tally: String) { self.tally = tally }

    /// What to ask the wallet for next, and the number of the question; nothing when all is here.
    public var next: (question: Int, page: PageOf)? {
        guard !isComplete else { return nil }
        let page = PageOf(
            skip: UInt64(rows.count), most: Self.pageSize, text: text.isEmpty ? nil : text, paymentsOnly: paymentsOnly)
        return (question, page)
    }

    /// The person looks for something else: from the beginning.
    public mutating func startOver() {
        question += 1
        (rows, isComplete, mishap) = ([], false, nil)
    }

    public mutating func hear(_ chits: [ChitLine], to question: Int) {
        guard question == self.question else { return }
        // A chit that came in meanwhile moves the others down: none is shown twice.
        let known = Set(rows.map(\.id))
        rows += chits.map(ChitRow.init).filter { !known.contains($0.id) }
        isComplete = chits.count < Int(Self.pageSize)
    }

    public mutating func failed(_ error: any Error, to question: Int) {
        guard question == self.question else { return }
        mishap = Mishap(error)
        isComplete = true
    }

    /// The whole of a tally, for a spreadsheet or for a program.
    public enum Form: String, CaseIterable, Sendable {
        case csv, json

        /// What its file is called: letters and digits of the partner's name only.
        public func fileName(_ partner: String) -> String {
            let name = partner.filter { $0.isLetter || $0.isNumber }
            return "hazel-\(name.isEmpty ? "tally" : String(name.prefix(40))).\(rawValue)"
        }

        public var text: Phrase { Phrase(self == .csv ? "export" : "export_json") }

        public func write(_ tally: String, of wallet: Wallet) throws -> String {
            try self == .csv ? wallet.exportCsv(tally: tally) : wallet.exportJson(tally: tally)
        }
    }
}
