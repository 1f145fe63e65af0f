import HazelBridge

/// A text of `Localizable.xcstrings`, by its key, with the words that go into it. Screens' states hold these and no sentences.
public struct Phrase: Hashable, Sendable {
    public let key: String
    public let words: [String]

    public init(_ key: String, _ words: String...) {
        self.key = key
        self.words = words
    }
}

/// An amount as it is shown: without a sign, for the words beside it say who owes, and a sign is easily overlooked.
public func amount(_ units: Int64) -> String {
    let size = units == .min ? .max : abs(units)
    // It fails for no number at all.
    return (try? formatAmount(units: size)) ?? ""
}

/// Who owes, in words.
public func direction(_ units: Int64) -> Phrase {
    units > 0 ? Phrase("owed_to_you") : units < 0 ? Phrase("you_owe") : Phrase("even")
}
