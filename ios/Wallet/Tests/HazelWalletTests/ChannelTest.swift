// On Linux only: it tells the stand-ins for Apple's frameworks what to do.
#if os(Linux)
import CoreBluetooth
import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// L2CAP channels between two phones in one room. Where one does not hold, the service is the way back.
final class ChannelTest: RoomTest {
    /// Two phones that have begun, both in front.
    private func begun(_ seed: UInt64) throws -> (SimulatedPair, [Bluetooth]) {
        let (pair, _) = try paidAtOneMoment(seed)
        let (left, right) = try radios(pair)
        for radio in [left, right] {
            radio.inFront(true)
            XCTAssertEqual(radio.start(), [])
        }
        return (pair, [left, right])
    }

    func testTwoPhonesInFrontMeetOverAChannel() throws {
        let (pair, radios) = try begun(41)
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.asked, [.open])
        XCTAssertGreaterThan(Ether.shared.pieces, 0)
        XCTAssertEqual(Ether.shared.packets, 0, "nothing went over the service")
        wait(for: [ear.hasEnded], timeout: 20)
        XCTAssertEqual(ear.endings, [.inSync])
        XCTAssertEqual(try pair.right().audit().run().findings, [])
        for radio in radios { radio.stop() }
    }

    func testAPhoneThatIsNotInFrontTellsNoChannelAndOpensNone() throws {
        let (pair, _) = try paidAtOneMoment(42)
        let (left, right) = try radios(pair)
        left.inFront(true)
        left.start()
        right.start()
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.asked, [], "whoever of the two has called")
        left.stop()
        right.stop()
    }

    func testAChannelThatIsRefusedIsNotAskedForAgain() throws {
        Ether.shared.channels = .refused
        let (pair, radios) = try begun(44)
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.asked, [.refused])
        XCTAssertEqual(Ether.shared.pieces, 0)
        for radio in radios { radio.stop() }
    }

    func testAChannelThatDoesNotOpenInTimeIsGivenUp() throws {
        Ether.shared.channels = .late
        let (pair, radios) = try begun(45)
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.asked, [.late])
        XCTAssertGreaterThan(Ether.shared.packets, 0)
        for radio in radios { radio.stop() }
    }

    func testAChannelThatBreaksInTheMiddleLeadsBackToTheService() throws {
        Ether.shared.spoilChannel(cutAt: 3)
        let (pair, radios) = try begun(46)
        try waitUntilFinal(pair)
        XCTAssertEqual(Ether.shared.asked.first, .open)
        XCTAssertGreaterThan(Ether.shared.packets, 0, "the rest went over the service")
        XCTAssertEqual(try pair.right().audit().run().findings, [])
        for radio in radios { radio.stop() }
    }

    func testNonsenseOnAChannelIsHungUpOnAndTheMeetingGoesOverTheService() throws {
        Ether.shared.spoilChannel(nonsenseAt: 4)
        let (pair, radios) = try begun(47)
        try waitUntilFinal(pair)
        XCTAssertGreaterThanOrEqual(Ether.shared.pieces, 4)
        XCTAssertGreaterThan(Ether.shared.packets, 0, "the rest went over the service")
        for radio in radios { radio.stop() }
    }

    func testAnAppThatLeavesTheFrontInTheMiddleGoesOnOverTheService() throws {
        let (pair, tally) = try paidAtOneMoment(48)
        for _ in 0..<40 { _ = try pair.right().pay(tally: tally, payment: Payment(units: 1)) }
        let (left, right) = try radios(pair)
        for radio in [left, right] {
            radio.inFront(true)
            radio.start()
        }
        let end = Date(timeIntervalSinceNow: 20)
        while Ether.shared.pieces < 3, Date() < end { Thread.sleep(forTimeInterval: 0.000_5) }
        right.inFront(false)
        while try pair.left().home().position.finalNet != -2_460, Date() < end { Thread.sleep(forTimeInterval: 0.05) }
        XCTAssertEqual(try pair.left().home().position.finalNet, -2_460, "endings \(ear.endings)")
        left.stop()
        right.stop()
    }

    func testALinkThatBreaksTakesItsChannelAlong() throws {
        let (pair, radios) = try begun(49)
        let end = Date(timeIntervalSinceNow: 20)
        while Ether.shared.pieces < 2, Date() < end { Thread.sleep(forTimeInterval: 0.000_5) }
        Ether.shared.power("right", on: false)
        Ether.shared.power("right", on: true)
        try waitUntilFinal(pair)
        for radio in radios { radio.stop() }
    }
}
#endif
