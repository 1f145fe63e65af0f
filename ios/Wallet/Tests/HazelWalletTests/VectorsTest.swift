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
            default:
                let refused = try caught { said = try readAddress(text: text) }
                said = refused?.trouble.detail ?? said
            }
            XCTAssertEqual(said, expected, "\(entry.fields)")
            read += 1
        }
        XCTAssertGreaterThan(read, 60)
    }

    func testTheDoorLetsInAndTurnsAwayTheSameByTheSameNamesAndInTheSameWords() throws {
        let grounds = try vectors("grounds").map { try $0.ground() }
        let all = try vectors("door")
        for entry in all {
            let ground = try grounds[XCTUnwrap(entry.fields["ground"] as? Int)]
            var passes: String?
            let (object, bytes) = (try entry.text("object"), try hex(entry.text("bytes")))
            let refused = try caught { passes = try judge(object: object, bytes: bytes, ground: ground) }
            let expected = entry.fields["refused"] as? [String: String]
            XCTAssertEqual(passes, entry.fields["admitted"] as? String, entry.name)
            XCTAssertEqual(refused?.code, expected?["code"], entry.name)
            XCTAssertEqual(refused?.trouble.detail, expected?["text"], entry.name)
        }
        XCTAssertGreaterThan(all.count, 350)
        XCTAssertGreaterThan(all.filter { $0.fields["admitted"] != nil }.count, 40)
    }

    func testLinksOfTheExistingSoftwareAreKnownForWhatTheyAre() throws {
        let places = try FileManager.default.contentsOfDirectory(atPath: folder() + "/mychips")
        var links: [String] = []
        for place in places {
            let text = try String(contentsOfFile: folder() + "/mychips/" + place, encoding: .utf8)
            // Inside of a text a quotation mark has a backslash before it.
            links += text.components(separatedBy: "\"").filter { $0.hasPrefix("https://mychips") }.map { $0.trimmingCharacters(in: ["\\"]) }
        }
        XCTAssertGreaterThan(links.count, 1)
        for link in links {
            switch try Scan(clock: nil).text(text: link).meaning {
            case .mychips: XCTAssertFalse(link.contains("localhost"), link)
            // One was made by a site that calls itself localhost: it is known, and refused.
            case .refused(let trouble): XCTAssertEqual([trouble.code, "\(link.contains("localhost"))"], ["bad_host", "true"], link)
            case let other: XCTFail("\(link): \(other)")
            }
        }
    }

    private func folder() throws -> String {
        try XCTUnwrap(ProcessInfo.processInfo.environment["HAZEL_VECTORS"], "HAZEL_VECTORS names no folder")
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
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder())/\(name).json"))
        let all = try XCTUnwrap(JSONSerialization.jsonObject(with: bytes) as? [[String: Any]])
        return all.map(Entry.init)
    }
}

/// One record of a file.
private struct Entry {
    let fields: [String: Any]

    var name: String { fields["name"] as? String ?? "\(fields)" }

    func text(_ field: String) throws -> String { try XCTUnwrap(fields[field] as? String, "\(name) has no \(field)") }

    func ground() throws -> Ground {
        func text(_ field: String) -> String? { fields[field] as? String }
        func bytes(_ field: String) throws -> Data? { try text(field).map(hex) }
        func list(_ field: String) throws -> [Data] { try (fields[field] as? [String] ?? []).map(hex) }
        return try Ground(
            tally: bytes("tally"), partyKey: bytes("party_key"), promised: bytes("promised"), here: list("here"),
            mySide: text("my_side"), deviceKey: bytes("device_key"), asker: text("asker"), stockNodes: list("stock_nodes"),
            foilNodes: list("foil_nodes"), ticket: bytes("ticket"), agreementKey: bytes("agreement_key"),
            now: (fields["now"] as? NSNumber)?.uint64Value, myCert: bytes("my_cert"), myOffers: list("my_offers"),
            partner: bytes("partner"))
    }
}

private func hex(_ text: String) throws -> Data {
    let digits = Array(text.utf8)
    return try Data(
        stride(from: 0, to: digits.count, by: 2).map { at in
            try XCTUnwrap(UInt8(String(decoding: digits[at..<min(at + 2, digits.count)], as: UTF8.self), radix: 16))
        })
}
