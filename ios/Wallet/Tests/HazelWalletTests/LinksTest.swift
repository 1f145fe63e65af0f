import Foundation
import HazelBridge
import HazelWallet
import XCTest

/// What the system hands an app that was opened by a link.
final class LinksTest: FolderTest {
    func testALinkOfOursGoesToTheScannerAsItIs() throws {
        let wallet = try Wallet.create(file: file(), keys: Keys(), name: "Ana", words: newWords(), clock: nil)
        let code = try wallet.invite(side: .stock, terms: Terms(limit: 1_000, noticeDays: 30), validFor: 60).code
        for host in [nil, "tally.example.org"] {
            let text = try linkOf(code: code.bytes, host: host)
            let found = try XCTUnwrap(linkIn(XCTUnwrap(URL(string: text)), host: host))
            XCTAssertEqual(found, text)
            let scanned = try Scan(clock: nil).text(text: found)
            guard case .ticket = scanned.meaning else { return XCTFail("\(scanned)") }
            XCTAssertEqual(scanned.code?.bytes, code.bytes)
        }
    }

    func testLinksOfOthersAreNotOurs() throws {
        for text in ["mailto:ana@example.org", "http://tally.example.org/#x", "https://evil.example.org/#x", "file:///etc/passwd"] {
            XCTAssertNil(linkIn(try XCTUnwrap(URL(string: text)), host: "tally.example.org"), text)
        }
        XCTAssertNotNil(linkIn(try XCTUnwrap(URL(string: "https://TALLY.example.org/t#x")), host: "tally.example.org"))
    }

    func testThePrivacyManifestIsWhereAppleLooksForIt() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = here.appendingPathComponent("../../Sources/HazelWallet/PrivacyInfo.xcprivacy").standardized
        let manifest = try PropertyListSerialization.propertyList(from: Data(contentsOf: file), format: nil) as? [String: Any]
        XCTAssertEqual(manifest?["NSPrivacyTracking"] as? Bool, false)
        XCTAssertEqual((manifest?["NSPrivacyCollectedDataTypes"] as? [Any])?.count, 0)
        let accessed = manifest?["NSPrivacyAccessedAPITypes"] as? [[String: Any]] ?? []
        XCTAssertEqual(accessed.count, 3)
        for entry in accessed {
            XCTAssertEqual((entry["NSPrivacyAccessedAPITypeReasons"] as? [String])?.count, 1)
        }
    }
}
