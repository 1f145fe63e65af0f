import HazelBridge

/// A text of `Localizable.xcstrings`, by its key, with the words that go into it. Screens' states hold these and no sentences.
public struct Phrase: Hashable, Sendable {
    public let key: String
    public let words: [String]
    /// How many: the text then has a form for one and one for more. It has no other words.
    public let count: UInt64?

    public init(_ key: String, _ words: String...) {
        self.key = key
        self.words = words
        count = nil
    }

    public init(_ key: String, counting count: UInt64) {
        self.key = key
        words = []
        self.count = count
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

extension Phrase {
    /// The sentence, from its pattern in some language: `%1$@` is the first word. Words are put in as they are, whatever is in them.
    public func filled(_ pattern: String) -> String {
        var text = ""
        var rest = Substring(pattern)
        while let at = rest.firstIndex(of: "%") {
            text += rest[..<at]
            rest = rest[at...]
            guard rest.hasPrefix("%"), let number = rest.dropFirst().first?.wholeNumberValue, rest.dropFirst(2).hasPrefix("$@") else {
                text.append("%")
                rest = rest.dropFirst()
                continue
            }
            text += words.indices.contains(number - 1) ? words[number - 1] : ""
            rest = rest.dropFirst(4)
        }
        return text + rest
    }
}
