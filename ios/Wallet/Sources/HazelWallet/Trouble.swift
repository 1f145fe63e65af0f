import HazelBridge

extension HazelError {
    /// What is wrong, whichever family the error is of.
    public var trouble: Trouble {
        switch self {
        case .Refused(let trouble), .Usage(let trouble), .Locked(let trouble), .Damaged(let trouble),
            .Machine(let trouble), .Newer(let trouble), .Over(let trouble), .Defect(let trouble):
            trouble
        }
    }

    /// The stable name of what is wrong: the key of a text in the app's resources.
    public var code: String { trouble.code }

    /// Whose fault it is.
    public var culprit: Culprit { trouble.culprit }

    /// Whether the error says no more than that the wallet is closed or frozen.
    public var isOver: Bool {
        if case .Over = self { true } else { false }
    }

    /// Whether the wallet is closed for good: a stream ends on it quietly.
    var isClosed: Bool { code == "closed" }
}

extension Trouble {
    /// A word for the sentence, by its name.
    public subscript(name: String) -> String? { arguments.first { $0.name == name }?.value }
}
