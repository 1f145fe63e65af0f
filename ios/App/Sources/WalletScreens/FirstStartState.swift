import HazelBridge

/// The first start: a new wallet, one that comes back from its words and a backup, or another device of one that is on another phone.
public struct FirstStartState: Equatable, Sendable {
    public enum Page: Equatable, Sendable {
        case welcome
        /// What am I called by my partners?
        case name
        /// The words are shown.
        case words
        /// Some of them are asked back.
        case proof
        /// Words are typed, a backup is chosen.
        case restore
        /// A request for the other phone, and its answer.
        case join
    }

    public private(set) var page = Page.welcome
    public var name = ""
    public private(set) var words: WordsState?
    public var typed = ""
    /// What the other phone was asked. In memory only: an answer to a request that was forgotten is of no use to anybody.
    public private(set) var device: NewDevice?
    public private(set) var opened = Patience<Bool>.idle

    public init() {}

    public mutating func makeNew() { page = .name }
    public mutating func restore() { page = .restore }
    public mutating func join() { page = .join }

    /// The name as it is kept; none while there is nothing to call anybody by.
    public var tidyName: String? {
        let words = name.split(whereSeparator: { $0.isWhitespace || $0.isNewline })
        let tidy = words.joined(separator: " ")
        return tidy.isEmpty || tidy.utf8.count > 60 ? nil : tidy
    }

    /// Shows the words. `asked` are the places that are asked back.
    public mutating func show(phrase: String, asked: [Int]) {
        guard tidyName != nil else { return }
        words = WordsState(phrase: phrase, asked: asked)
        page = .words
    }

    public mutating func haveWritten() { page = .proof }

    /// Back to the words: an answer was wrong.
    public mutating func showAgain() { page = .words }

    public mutating func answer(_ no: Int, _ text: String) {
        if words?.answers.indices.contains(no) == true { words?.answers[no] = text }
    }

    /// Whether the wallet may be made now.
    public mutating func check() -> Bool { words?.check() ?? false }

    /// Whether the other phone can be asked: it knows this one by its name.
    public var mayAsk: Bool { device == nil && tidyName != nil }
    public mutating func asked(_ device: NewDevice) { self.device = device }
    public var mayEnrol: Bool { device != nil && !opened.isWorking }

    public var wordsMishap: Mishap? { typed.isEmpty ? nil : BackupState.mishap(typed) }
    public var phrase: String { BackupState.phrase(typed) }

    public mutating func begin(now: UInt64) { opened = .begun(now: now, seconds: 30) }
    public mutating func tick(now: UInt64) { opened.tick(now: now) }
    public mutating func failed(_ error: any Error) { opened = .failed(Mishap(error)) }

    /// The wallet is there: words and secrets are let go of.
    public mutating func done() {
        words = nil
        device = nil
        typed = ""
        opened = .done(true)
    }

    public mutating func back() { self = FirstStartState() }
}
