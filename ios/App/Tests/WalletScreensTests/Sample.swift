import Foundation
import HazelBridge
import HazelLab
import WalletScreens
import XCTest

/// Two real wallets with a tally between them, for each test anew. Ana and Ben are sample names.
class PairTest: XCTestCase {
    private var folder = ""
    private(set) var pair: SimulatedPair!
    private(set) var ana: Wallet!
    private(set) var ben: Wallet!
    private(set) var tally = ""

    override func setUpWithError() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        folder = place.path
        pair = try SimulatedPair.fresh(folder: folder, seed: 1)
        (ana, ben) = (try pair.left(), try pair.right())
        tally = try open()
    }

    override func tearDownWithError() throws {
        // A task that has ended lets go of its wallet a moment later, and that one of its files: one may vanish while they are counted.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: folder) {
            if (try? FileManager.default.removeItem(atPath: folder)) == nil { Thread.sleep(forTimeInterval: 0.02) }
        }
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder), "somebody holds on to it")
    }

    func file(_ name: String) -> String { folder + "/" + name }

    /// Ben holds the stock and grants 100; Ana grants 50.
    private func open() throws -> String {
        let invitation = try ben.invite(side: .stock, terms: Terms(limit: 100_000, noticeDays: 30), validFor: 3_600)
        let tally = try ana.acceptTicket(code: invitation.code.bytes, terms: Terms(limit: 50_000, noticeDays: 30))
        try meet(tally)
        try ben.offer(tally: tally, mine: nil, theirs: nil)
        try meet(tally)
        try ana.accept(tally: tally, version: ana.offered(tally: tally).version)
        try meet(tally)
        return tally
    }

    @discardableResult
    func meet(_ tally: String? = nil, _ faults: Faults = Faults(mtu: 247)) throws -> Encounter {
        try pair.meet(tally: tally ?? self.tally, faults: faults)
    }

    func page(_ wallet: Wallet) throws -> TallyState { TallyState(try wallet.tally(tally: tally, page: PageOf())) }
}

func trouble(_ code: String, _ culprit: Culprit = .you, _ arguments: [Argument] = []) -> Trouble {
    Trouble(code: code, culprit: culprit, arguments: arguments, detail: "in English")
}

/// A key store in memory.
final class PocketKeys: KeyStore {
    func wrap(secret: Data) throws -> Data { Data(secret.reversed()) }
    func unwrap(wrapped: Data) throws -> Data { Data(wrapped.reversed()) }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }
}
