import Foundation
import WalletScreens
import XCTest

/// Every text that a screen names is there in each language, with the same words in it, and none is there for nothing.
final class TextsTest: XCTestCase {
    private let app = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardized
    private let languages = ["en", "es", "de"]

    func testEveryTextIsThereInEachLanguageWithTheSameWordsInIt() throws {
        for file in ["Localizable", "InfoPlist"] {
            let catalog = try catalog(file)
            for (key, texts) in catalog {
                XCTAssertEqual(Set(texts.keys), Set(languages), key)
                for (language, text) in texts {
                    XCTAssertFalse(text.trimmingCharacters(in: .whitespaces).isEmpty, "\(key) \(language)")
                    XCTAssertEqual(holes(text), holes(texts["en"] ?? ""), "\(key) \(language)")
                }
            }
        }
        XCTAssertGreaterThan(try catalog("Localizable").count, 200)
    }

    func testEveryKeyThatIsUsedExistsAndEveryKeyThatExistsIsUsed() throws {
        let keys = Set(try catalog("Localizable").keys)
        let source = try source()
        // Those that a screen gives to a phrase, directly or by a question.
        var used = found(#"Phrase\(\s*"([a-z0-9_]+)"(?! \+)"#, in: source)
        for choice in found(#"(?:Phrase|about)\(([^()]*\?[^()]*)"#, in: source) { used.formUnion(found(#""([a-z0-9_]+)""#, in: choice)) }
        used.formUnion(found(#"about\("([a-z0-9_]+)""#, in: source))
        // Those that are chosen from a list, known by how they begin.
        used.formUnion(found(#""((?:kind|taken|fault|open|error|errand|errands)_[a-z0-9_]+)""#, in: source))
        used.formUnion(Mishap.known.map { "error_" + $0 })
        used.formUnion(keys.filter { $0.hasPrefix("event_") && source.contains("\"\($0.dropFirst(6))\"") })
        XCTAssertEqual(used.subtracting(keys).sorted(), [], "no text for these")
        XCTAssertEqual(keys.subtracting(used).sorted(), [], "nobody uses these")
        XCTAssertGreaterThan(used.count, 200)
    }

    func testWhateverIsCountedHasAFormForOneAndOneForMoreAndIsUsedSo() throws {
        let counted = try counted()
        XCTAssertGreaterThan(counted.count, 10)
        for (key, languages) in counted {
            XCTAssertEqual(Set(languages.keys), Set(self.languages), key)
            for (language, forms) in languages {
                XCTAssertEqual(Set(forms.keys), ["one", "other"], "\(key) \(language)")
                XCTAssertEqual(Set(forms.values).count, 2, "\(key) \(language)")
                for form in forms.values { XCTAssertEqual(form.components(separatedBy: "%").count, 2, form) }
                for form in forms.values { XCTAssertTrue(form.contains("%lld"), form) }
            }
        }
        // A number and nothing else goes into such a text, and a number goes into no other.
        let source = try source()
        XCTAssertEqual(found(#"Phrase\("([a-z0-9_]+)", counting:"#, in: source).subtracting(counted.keys), [])
        XCTAssertEqual(found(#"Phrase\("([a-z0-9_]+)", "\\\("#, in: source).intersection(counted.keys), [])
    }

    func testWordsGoIntoTheirPlacesWhateverIsInThem() {
        XCTAssertEqual(Phrase("x", "a", "b").filled("%2$@ before %1$@, 100 %"), "b before a, 100 %")
        XCTAssertEqual(Phrase("x", "%2$@", "b").filled("%1$@"), "%2$@", "a partner may be called anything")
        XCTAssertEqual(Phrase("x").filled("nobody: %1$@ %x %"), "nobody:  %x %")
    }

    func testEveryControlSaysWhatItIs() throws {
        for (file, text) in try files("Hazel") {
            // A field's title is its placeholder, which is gone once something is typed.
            let fields = text.components(separatedBy: "TextField(").count - 1
            let labels = text.components(separatedBy: ".accessibilityLabel(").count - 1
            XCTAssertGreaterThanOrEqual(labels, fields, file)
            XCTAssertFalse(text.contains("Image("), "\(file): a picture alone says nothing; use Label")
            XCTAssertEqual(found(#"(?:Text|Label|Button|Toggle|Section|TextField)\("([^"]+)""#, in: text), [], "\(file): a text that no language has")
        }
    }

    func testAmountsStandInFiguresOfOneWidth() throws {
        for (file, text) in try files("Hazel") {
            for line in text.split(separator: "\n") where line.contains("amount)") && line.contains("Text(") && !line.contains("AmountText") {
                XCTAssertTrue(line.contains("monospacedDigit"), "\(file): \(line)")
            }
        }
    }

    func testNothingTurnsWithoutAnEnd() throws {
        let wheels = try files("Hazel").filter { $0.value.contains("ProgressView()") }.keys.sorted()
        XCTAssertEqual(wheels, ["MeetScreen.swift", "NewcomerScreen.swift", "Words.swift"], "a wheel stands in Waiting, or where a state counts the seconds")
        for (file, text) in try files("Hazel") where text.contains("Waiting(") && file != "Words.swift" {
            XCTAssertTrue(text.contains(".everySecond"), "\(file) shows a wheel and tells it no time")
        }
    }

    /// The numbers of the places in a text.
    private func holes(_ text: String) -> Set<String> { found(#"%([0-9])\$@"#, in: text) }

    private func catalog(_ name: String) throws -> [String: [String: String]] {
        let bytes = try Data(contentsOf: app.appendingPathComponent("Hazel/\(name).xcstrings"))
        let all = try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let strings = try XCTUnwrap(all["strings"] as? [String: [String: Any]])
        return strings.mapValues { entry in
            let localizations = entry["localizations"] as? [String: [String: Any]] ?? [:]
            return localizations.compactMapValues { Self.value($0) ?? Self.forms($0)["other"] }
        }
    }

    private static func value(_ unit: [String: Any]) -> String? { (unit["stringUnit"] as? [String: String])?["value"] }

    /// The forms of a text that is counted.
    private static func forms(_ localization: [String: Any]) -> [String: String] {
        let variations = localization["variations"] as? [String: [String: [String: Any]]]
        return (variations?["plural"] ?? [:]).compactMapValues(value)
    }

    /// The texts that are counted, with their forms, by language.
    private func counted() throws -> [String: [String: [String: String]]] {
        let bytes = try Data(contentsOf: app.appendingPathComponent("Hazel/Localizable.xcstrings"))
        let all = try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let strings = try XCTUnwrap(all["strings"] as? [String: [String: Any]])
        return strings.compactMapValues { entry in
            let forms = (entry["localizations"] as? [String: [String: Any]] ?? [:]).mapValues(Self.forms)
            return forms.values.allSatisfy(\.isEmpty) ? nil : forms
        }
    }

    private func files(_ folder: String) throws -> [String: String] {
        let place = app.appendingPathComponent(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).filter { $0.hasSuffix(".swift") }
        XCTAssertGreaterThan(names.count, 10)
        return try names.reduce(into: [:]) { $0[$1] = try String(contentsOf: place.appendingPathComponent($1), encoding: .utf8) }
    }

    private func source() throws -> String {
        (Array(try files("Hazel").values) + Array(try files("Sources/WalletScreens").values)).joined(separator: "\n")
    }

    /// What stands in the first parentheses of a pattern.
    private func found(_ pattern: String, in text: String) -> Set<String> {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return ["not a pattern: " + pattern] }
        let all = expression.matches(in: text, range: NSRange(text.startIndex..., in: text))
        return Set(all.compactMap { Range($0.range(at: 1), in: text).map { String(text[$0]) } })
    }
}
