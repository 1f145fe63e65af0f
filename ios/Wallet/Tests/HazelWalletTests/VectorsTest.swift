import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// The files that every language reads: the same answers, and the same names of errors, as in Rust.
final class VectorsTest: XCTestCase {
    func testWhatMustBeReadIsReadAndWrittenAgainAsTheSameBytes() throws {
        let all = try vectors("accepted")
        for entry in all {
            let bytes = try hex(entry.text("bytes"))
            XCTAssertEqual(try decode(object: entry.text("object"), bytes: bytes), bytes, entry.name)
        }
        XCTAssertGreaterThan(all.count, 150)
    }

    func testWhatMustBeRefusedIsRefusedByItsNameAndInItsWords() throws {
        let all = try vectors("refused")
        for entry in all {
            let object = try entry.text("object")
            let bytes = try hex(entry.text("bytes"))
            let refused = try caught { _ = try decode(object: object, bytes: bytes) }
            XCTAssertEqual(refused?.code, try entry.text("code"), entry.name)
            XCTAssertEqual(refused?.trouble.detail, try entry.text("text"), entry.name)
        }
        XCTAssertGreaterThan(all.count, 2_500)
    }

    func testSignaturesHoldOrAreRefusedByTheSameName() throws {
        let all = try vectors("curve")
        for entry in all {
            let (key, digest) = (try hex(entry.text("key")), try hex(entry.text("digest")))
            let signature = try hex(entry.text("signature"))
            let refused = try caught { try checkSignature(key: key, digest: digest, signature: signature) }
            XCTAssertEqual(refused?.code, entry.fields["code"] as? String, entry.name)
        }
        XCTAssertGreaterThan(all.count, 100)
    }

    func testNothingIsAgreedWithAKeyOfLowOrder() throws {
        let all = try vectors("agreement")
        for entry in all {
            let key = try hex(entry.text("key"))
            XCTAssertEqual(try caught { try agreeWith(key: key) }?.code, "weak_key", entry.name)
        }
        XCTAssertGreaterThan(all.count, 4)
    }

    func testWhatPeopleTypeIsReadTheSame() throws {
        var read = 0
        for entry in try vectors("texts") {
            let text = try entry.text("text")
            let expected = (entry.fields["read"] ?? entry.fields["error"]) as? String
            var said = expected
            switch try entry.text("object") {
            case "amount":
                let refused = try caught { said = try formatAmount(units: parseAmount(text: text)) }
                said = refused?.trouble.detail ?? said
            case "words":
                let refused = try caught { try checkWords(words: text) }
                said = refused?.trouble.detail ?? entry.fields["read"] as? String
            default: continue
            }
            XCTAssertEqual(said, expected, "\(entry.fields)")
            read += 1
        }
        XCTAssertGreaterThan(read, 20)
    }

    /// The wallet's error, if the call ends with one. Any other error is the test's.
    private func caught(_ call: () throws -> Void) throws -> HazelError? {
        do {
            try call()
            return nil
        } catch let refused as HazelError {
            return refused
        }
    }

    private func vectors(_ name: String) throws -> [Entry] {
        let folder = try XCTUnwrap(ProcessInfo.processInfo.environment["HAZEL_VECTORS"], "HAZEL_VECTORS names no folder")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json"))
        let all = try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [[String: Any]])
        return all.map(Entry.init)
    }
}

/// One record of a file.
private struct Entry {
    let fields: [String: Any]

    var name: String { fields["name"] as? String ?? "\(fields)" }

    func text(_ field: String) throws -> String { try XCTUnwrap(fields[field] as? String, "\(name) has no \(field)") }
}

private func hex(_ text: String) throws -> Data {
    let digits = Array(text.utf8)
    return try Data(
        stride(from: 0, to: digits.count, by: 2).map { at in
            try XCTUnwrap(UInt8(String(decoding: digits[at..<min(at + 2, digits.count)], as: UTF8.self), radix: 16))
        })
}
