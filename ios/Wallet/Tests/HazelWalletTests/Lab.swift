import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// A key store without a chip: it turns each byte over, or refuses.
final class Keys: KeyStore {
    private let refusal: (any Error)?

    init(refusing refusal: (any Error)? = nil) { self.refusal = refusal }

    func wrap(secret: Data) throws -> Data { try turned(secret) }
    func unwrap(wrapped: Data) throws -> Data { try turned(wrapped) }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }

    private func turned(_ bytes: Data) throws -> Data {
        if let refusal { throw refusal }
        return Data(bytes.map { $0 ^ 0x5a })
    }
}

/// Opens what the lab's own wallets were made with.
final class LabKeys: KeyStore {
    func wrap(secret: Data) throws -> Data { Data(secret.reversed()) }
    func unwrap(wrapped: Data) throws -> Data { Data(wrapped.reversed()) }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }
}

/// A folder for one test, gone after it.
class FolderTest: XCTestCase {
    private(set) var folder = ""

    override func setUpWithError() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        folder = place.path
    }

    override func tearDownWithError() throws {
        // A task that has ended lets go of its wallet a moment later, and that one of its files: one may vanish while they are counted.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: folder) {
            if (try? FileManager.default.removeItem(atPath: folder)) == nil { Thread.sleep(forTimeInterval: 0.02) }
        }
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder), "somebody holds on to it")
    }

    func file(_ name: String = "wallet.hazel") -> String { folder + "/" + name }

    /// The stable name of the error that the call ends with; a call that succeeds, or ends with another's error, has none.
    func code(_ call: () throws -> Any?) -> String? {
        do {
            _ = try call()
            return nil
        } catch {
            return (error as? HazelError)?.code
        }
    }
}

extension Wallet {
    /// The state of a chit, in a word.
    func word(_ tally: String, _ chit: String) throws -> String? {
        try history(tally: tally, page: PageOf()).first { $0.id == chit }?.word
    }
}

/// Opens a tally between the two: Ben invites, Ana answers, both meet until it is open. Returns its id.
func opened(_ pair: SimulatedPair, _ ana: Wallet, _ ben: Wallet) throws -> String {
    let terms = Terms(limit: 100_000, noticeDays: 30)
    let invitation = try ben.invite(side: .stock, terms: terms, validFor: 3_600)
    let scanned = try Scan(clock: nil).text(text: invitation.code.text)
    guard case .ticket = scanned.meaning else { throw Unexpected(what: "no ticket: \(scanned)") }
    let tally = try ana.acceptTicket(code: XCTUnwrap(scanned.code).bytes, terms: terms)
    _ = try pair.meet(tally: tally, faults: Faults())
    XCTAssertTrue(try ben.home().attention.contains { if case .requested = $0 { true } else { false } })
    try ben.offer(tally: tally, mine: nil, theirs: nil)
    _ = try pair.meet(tally: tally, faults: Faults())
    try ana.accept(tally: tally, version: ana.offered(tally: tally).version)
    _ = try pair.meet(tally: tally, faults: Faults())
    XCTAssertEqual(try ben.tally(tally: tally, page: PageOf()).tally.stage, .open)
    XCTAssertEqual(try ana.tally(tally: tally, page: PageOf()).tally.stage, .open)
    return tally
}

/// What the story needs and did not get.
struct Unexpected: Error { let what: String }
