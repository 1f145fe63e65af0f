// On Linux only: it tells the stand-ins for Apple's frameworks what to do.
#if os(Linux)
import CoreBluetooth
import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

final class RadioTest: RoomTest {
    func testTwoPhonesThatComeNearMeetAndWhatWasPendingIsFinal() throws {
        let (pair, _) = try paid(21)
        let (left, right) = try radios(pair)
        XCTAssertEqual(left.start(), [])
        XCTAssertEqual(right.start(), [])
        try waitUntilFinal(pair)
        left.stop()
        right.stop()
        XCTAssertEqual(try pair.right().audit().run().findings, [])
    }

    func testAPhoneInABackgroundIsAskedForItsTags() throws {
        let (pair, _) = try paid(22)
        Ether.shared.background("left")
        Ether.shared.background("right")
        let (left, right) = try radios(pair)
        left.start()
        right.start()
        try waitUntilFinal(pair)
        left.stop()
        right.stop()
    }

    func testAStackWithoutRoomAndAirThatLosesDoublesAndDelaysLoseNothing() throws {
        let (pair, tally) = try paid(23)
        for _ in 0..<20 { _ = try pair.right().pay(tally: tally, payment: Payment(units: 1)) }
        Ether.shared.room = 1
        Ether.shared.spoil(lost: [9, 14, 30], doubled: [5, 7, 20, 21], late: [11, 17])
        let (left, right) = try radios(pair)
        left.start()
        right.start()
        let end = Date(timeIntervalSinceNow: 40)
        while try pair.left().home().position.finalNet != -2_480, Date() < end { Thread.sleep(forTimeInterval: 0.05) }
        XCTAssertEqual(try pair.left().home().position.finalNet, -2_480, "endings \(ear.endings)")
        XCTAssertGreaterThan(Ether.shared.refusals, 0)
        left.stop()
        right.stop()
    }

    func testALinkThatBreaksInTheMiddleIsCalledAgain() throws {
        let (pair, _) = try paid(24)
        Ether.shared.cut(after: 4)
        let (left, right) = try radios(pair)
        left.start()
        right.start()
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.cuts, 1)
        left.stop()
        right.stop()
    }

    func testAnAppThatTheSystemEndedAndRestoresMeetsAgain() throws {
        let (pair, _) = try paid(25)
        Ether.shared.kill("right", after: 3)
        let (left, right) = try radios(pair)
        left.start()
        right.start()
        let end = Date(timeIntervalSinceNow: 20)
        while !Ether.shared.isKilled("right"), Date() < end { Thread.sleep(forTimeInterval: 0.002) }
        XCTAssertTrue(Ether.shared.isKilled("right"))
        XCTAssertEqual(try pair.right().home().position.finalNet, 0, "it was ended in the middle")
        // The process is another one: its wallet is opened from the disk, its radio has the name it had.
        try pair.right().shut()
        let reopened = try Wallet.open(file: file("ben.hazel"), keys: LabKeys(), clock: nil)
        let again = try SimulatedPair(left: pair.left(), right: reopened, seed: 26)
        let restored = Bluetooth(reopened, name: "right")
        restored.start()
        try waitUntilFinal(again, 60)
        XCTAssertGreaterThan(Ether.shared.restorations, 0)
        left.stop()
        right.stop()
        restored.stop()
    }

    func testWhatIsInTheWayIsNamedAndASwitchedOffRadioIsWaitedFor() throws {
        let (pair, _) = try paid(27)
        let (left, right) = try radios(pair)
        Ether.shared.authorization = .denied
        XCTAssertEqual(left.start(), [.notPermitted])
        Ether.shared.authorization = .notDetermined
        XCTAssertEqual(left.diagnose(), [.notAsked])
        Ether.shared.authorization = .allowedAlways
        Ether.shared.power("left", on: false)
        left.start()
        right.start()
        let end = Date(timeIntervalSinceNow: 5)
        while left.diagnose() != [.switchedOff], Date() < end { Thread.sleep(forTimeInterval: 0.01) }
        XCTAssertEqual(left.diagnose(), [.switchedOff])
        Ether.shared.power("left", on: true)
        try waitUntilFinal(pair)
        left.stop()
        right.stop()
    }

    func testARadioThatLiesAboutItsMtuFailsAndTheNextMeetingGoesOn() throws {
        let (pair, _) = try paid(28)
        Ether.shared.carried = 20
        let (left, right) = try radios(pair)
        left.start()
        right.start()
        wait(for: [ear.hasEnded], timeout: 60)
        XCTAssertFalse(ear.endings.contains(.inSync), "\(ear.endings)")
        XCTAssertEqual(try pair.left().home().position.finalNet, 0)
        Ether.shared.carried = 182
        try waitUntilFinal(pair, 60)
        left.stop()
        right.stop()
    }

    func testStartingTwiceStoppingTwiceAndAWalletThatIsClosedBeneath() throws {
        let (pair, _) = try paid(29)
        let (left, right) = try radios(pair)
        left.stop()
        left.start()
        left.start()
        left.stop()
        left.stop()
        left.start()
        right.start()
        try waitUntilFinal(pair)
        try pair.left().shut()
        left.meet("nonsense")
        try left.send(link: 99, packet: Data(count: 3))
        try left.hangUp(link: 99)
        try left.connect(peer: "nobody")
        left.stop()
        right.stop()
        left.start()
        left.stop()
    }
}
#endif
