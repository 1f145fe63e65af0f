// On Linux only: it tells the stand-ins for Apple's frameworks what to do.
#if os(Linux)
import CoreBluetooth
import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// Two phones in one room, with the radio as it ships: against fakes of our own on Linux, which prove our side and nothing of Apple's.
class RoomTest: FolderTest {
    var ear = Ear()

    override func setUpWithError() throws {
        try super.setUpWithError()
        Ether.shared.clear()
        ear = Ear()
    }

    override func tearDownWithError() throws {
        Ether.shared.clear()
        try super.tearDownWithError()
    }

    /// A tally between two phones, on which the left one has paid 2.50.
    func paid(_ seed: UInt64) throws -> (SimulatedPair, String) {
        let pair = try SimulatedPair.fresh(folder: folder, seed: seed)
        let tally = try opened(pair, pair.left(), pair.right())
        _ = try pair.left().pay(tally: tally, payment: Payment(units: 2_500))
        try pair.left().listen(listener: ear)
        return (pair, tally)
    }

    /// The same, under a clock that stands: whose turn it is to call changes every twenty seconds, and who counts calls must not run into that.
    func paidAtOneMoment(_ seed: UInt64) throws -> (SimulatedPair, String) {
        let (pair, tally) = try paid(seed)
        try pair.left().shut()
        try pair.right().shut()
        let clock = StandingClock()
        let wallets = try ["ana", "ben"].map { try Wallet.open(file: file("\($0).hazel"), keys: LabKeys(), clock: clock) }
        try wallets[0].listen(listener: ear)
        return (try SimulatedPair(left: wallets[0], right: wallets[1], seed: seed), tally)
    }

    func radios(_ pair: SimulatedPair) throws -> (Bluetooth, Bluetooth) {
        (Bluetooth(try pair.left(), name: "left"), Bluetooth(try pair.right(), name: "right"))
    }

    /// Waits until what the left one has paid is final at both.
    func waitUntilFinal(_ pair: SimulatedPair, _ seconds: TimeInterval = 40) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        let (left, right) = (try pair.left(), try pair.right())
        while Date() < end {
            if try left.home().position.finalNet == -2_500, try right.home().position.finalNet == 2_500 { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        XCTFail("not final after \(seconds) s; \(Ether.shared.packets) packets, endings \(ear.endings)")
    }
}

private final class StandingClock: Clock {
    private let moment = UInt64(Date().timeIntervalSince1970)

    func now() throws -> UInt64 { moment }
}

/// Hears how meetings end.
final class Ear: Listener, @unchecked Sendable {
    let hasEnded: XCTestExpectation = {
        let it = XCTestExpectation(description: "a meeting has ended")
        it.assertForOverFulfill = false
        return it
    }()
    private let lock = NSLock()
    private var heard: [Ending] = []

    var endings: [Ending] { lock.withLock { heard } }

    func changed(notice: Notice) throws {
        guard case .over(let report) = notice else { return }
        lock.withLock { heard.append(report.ending ?? .unfinished) }
        hasEnded.fulfill()
    }
}
#endif
