import HazelBridge

/// The twenty-four words: shown once, asked back, so that they are really on paper.
public struct WordsState: Equatable, Sendable {
    /// The words, one by one.
    public let words: [String]
    /// Which of them are asked back, counted from 1.
    public let asked: [Int]
    public var answers: [String]
    public private(set) var areWritten = false

    /// `asked` are the places that are asked back, drawn by the screen.
    public init(phrase: String, asked: [Int]) {
        words = phrase.split(separator: " ").map(String.init)
        let count = words.count
        self.asked = asked.filter { (1...max(count, 1)).contains($0) }.sorted()
        answers = Array(repeating: "", count: self.asked.count)
    }

    public var phrase: String { words.joined(separator: " ") }

    /// Whether an answer is right, whatever its capitals and spaces.
    public func isRight(_ place: Int) -> Bool {
        guard asked.indices.contains(place), answers.indices.contains(place), words.indices.contains(asked[place] - 1) else { return false }
        return Self.tidy(answers[place]) == words[asked[place] - 1]
    }

    /// The person says that they are on paper. True if every answer is right.
    public mutating func check() -> Bool {
        areWritten = !asked.isEmpty && asked.indices.allSatisfy(isRight)
        return areWritten
    }

    static func tidy(_ word: String) -> String { word.lowercased().filter { $0.isLetter } }
}

/// A backup, and its rehearsal: whether it would bring everything back is known before it is needed.
public struct BackupState: Equatable, Sendable {
    /// What the person has typed.
    public var words = ""
    public private(set) var file = Patience<Int>.idle
    public private(set) var rehearsal = Patience<[Phrase]>.idle

    public init() {}

    /// The words as the wallet wants them, whatever lies between them.
    public var phrase: String { Self.phrase(words) }

    /// Whether these are recovery words.
    public var mishap: Mishap? { Self.mishap(words) }

    public var areWords: Bool { !words.isEmpty && mishap == nil }

    public mutating func begin(now: UInt64) { file = .begun(now: now, seconds: 30) }
    public mutating func made(bytes: Int) { file = .done(bytes) }
    public mutating func failed(_ error: any Error) { file = .failed(Mishap(error)) }

    public mutating func rehearse(now: UInt64) { rehearsal = .begun(now: now, seconds: 60) }
    public mutating func rehearsalFailed(_ error: any Error) { rehearsal = .failed(Mishap(error)) }

    public mutating func rehearsed(_ found: Rehearsal) {
        var lines = [Phrase("rehearsed_tallies", counting: found.tallies), Phrase("rehearsed_entries", counting: found.chits)]
        if found.newer > 0 { lines.append(Phrase("rehearsed_newer", counting: found.newer)) }
        rehearsal = .done(lines)
    }

    public mutating func tick(now: UInt64) {
        file.tick(now: now)
        rehearsal.tick(now: now)
    }

    static func phrase(_ words: String) -> String {
        words.lowercased().split(whereSeparator: { !$0.isLetter }).joined(separator: " ")
    }

    static func mishap(_ words: String) -> Mishap? {
        do {
            try checkWords(words: phrase(words))
            return nil
        } catch {
            return Mishap(error)
        }
    }
}
