import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// Two wallets find each other by their tags over a radio of this file's, on threads, by the wall clock.
final class NearbyTest: FolderTest {
    private func near(_ pair: SimulatedPair) throws -> (Near, Near) {
        let air = DispatchQueue(label: "air")
        let (left, right) = (try Near(pair.left(), air), try Near(pair.right(), air))
        left.other = right
        right.other = left
        return (left, right)
    }

    func testTwoPhonesThatSeeEachOtherMeetAndWhatWasPendingIsFinal() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 11)
        let tally = try opened(pair, pair.left(), pair.right())
        _ = try pair.left().pay(tally: tally, payment: Payment(units: 2_500))
        let (left, right) = try near(pair)
        _ = try left.nearby().seen(peer: "right", sight: tag(of: pair.right()), now: now())
        _ = try right.nearby().seen(peer: "left", sight: tag(of: pair.left()), now: now())
        wait(for: [left.over, right.over], timeout: 20)
        XCTAssertEqual(left.endings, [.inSync])
        XCTAssertEqual(right.endings, [.inSync])
        XCTAssertEqual(try pair.right().home().position.finalNet, 2_500)
        try left.nearby().stop(now: now())
        try right.nearby().stop(now: now())
    }

    func testARadioThatThrowsOnceIsHeardNoWorseThanALostPacket() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 15)
        let tally = try opened(pair, pair.left(), pair.right())
        _ = try pair.left().pay(tally: tally, payment: Payment(units: 2_500))
        let (left, right) = try near(pair)
        left.throwsOn = 2
        _ = try left.nearby().seen(peer: "right", sight: tag(of: pair.right()), now: now())
        _ = try right.nearby().seen(peer: "left", sight: tag(of: pair.left()), now: now())
        wait(for: [left.over, right.over], timeout: 20)
        XCTAssertTrue(left.hasThrown)
        XCTAssertEqual(left.endings, [.inSync])
        XCTAssertEqual(try pair.right().home().position.finalNet, 2_500)
        try left.nearby().stop(now: now())
        try right.nearby().stop(now: now())
    }

    func testAStrangersTagAndAStrangersPacketLeadNowhere() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 12)
        _ = try opened(pair, pair.left(), pair.right())
        let nearby = try near(pair).0.nearby()
        XCTAssertNil(try nearby.seen(peer: "stranger", sight: .whole(tag: Data(repeating: 7, count: 8)), now: now()))
        XCTAssertNil(try nearby.seen(peer: "stranger", sight: .whole(tag: Data(count: 3)), now: now()))
        try nearby.linkUp(link: 5, peer: "stranger", mtu: 23, dialing: false, now: now())
        try nearby.packet(link: 5, bytes: Data(0..<20), mtu: 23, now: now())
        try nearby.packet(link: 6, bytes: Data(count: 20), mtu: 23, now: now())
        try nearby.stop(now: now())
        XCTAssertEqual(code { try nearby.tick(now: now()) }, "meeting_over")
    }

    func testTwoStrangersCompareWordsBothSayYesAndATallyHasBegun() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 13)
        let (ana, ben) = try near(pair)
        XCTAssertEqual(try ben.nearby().tags(), [])
        try ben.nearby().awaitNewcomer(side: .stock, terms: Terms(limit: 50_000, noticeDays: 30))
        try ana.nearby().seekNewcomer(terms: Terms(limit: 20_000, noticeDays: 30))
        let shown = try XCTUnwrap(sights(company: nil, name: ben.nearby().tags().first?.name).first)
        XCTAssertNil(try ana.nearby().seen(peer: "ben", sight: shown, now: now()), "nobody's tag")
        wait(for: [ana.compared, ben.compared], timeout: 20)
        XCTAssertEqual(ana.codes.first?.count, 7, "three words and four pictures")
        XCTAssertEqual(ana.codes, ben.codes)
        try ana.nearby().codesMatch(same: true, now: now())
        XCTAssertEqual(try pair.right().home().tallies.count, 0, "nothing before both have said so")
        try ben.nearby().codesMatch(same: true, now: now())
        wait(for: [ana.introduced, ben.introduced], timeout: 20)
        XCTAssertEqual(ana.tallies, ben.tallies)
        // What follows is a first meeting by the ticket.
        _ = try ana.nearby().seen(peer: "ben", sight: tag(of: pair.right()), now: now())
        wait(for: [ana.over, ben.over], timeout: 20)
        XCTAssertEqual(try [pair.left(), pair.right()].map { try $0.home().tallies.first?.stage }, [.introduced, .introduced])
    }

    func testOneNoAndNeitherWalletHasAnything() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 14)
        let (ana, ben) = try near(pair)
        try ben.nearby().awaitNewcomer(side: .stock, terms: Terms(limit: 50_000, noticeDays: 30))
        try ana.nearby().seekNewcomer(terms: Terms(limit: 0, noticeDays: 30))
        let shown = try Sight.whole(tag: XCTUnwrap(ben.nearby().tags().first).bytes)
        _ = try ana.nearby().seen(peer: "ben", sight: shown, now: now())
        wait(for: [ana.compared, ben.compared], timeout: 20)
        try ana.nearby().codesMatch(same: true, now: now())
        try ben.nearby().codesMatch(same: false, now: now())
        wait(for: [ana.refused, ben.refused], timeout: 20)
        XCTAssertEqual([ana.reasons, ben.reasons], [["codes_differ"], ["codes_differ"]])
        XCTAssertEqual(try pair.left().home().tallies.count + pair.right().home().tallies.count, 0)
    }

    private func tag(of wallet: Wallet) throws -> Sight { .whole(tag: try XCTUnwrap(wallet.beacons().first).tag.bytes) }
}

private func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

/// A radio whose every packet takes a millisecond. The peer of each is the other one; both live on the one queue of the air.
private final class Near: Radio, Listener, @unchecked Sendable {
    let over = XCTestExpectation(description: "a meeting is over")
    let compared = XCTestExpectation(description: "a code is shown")
    let introduced = XCTestExpectation(description: "a tally has begun")
    let refused = XCTestExpectation(description: "it came to nothing")
    weak var other: Near?
    var throwsOn = -1

    private let air: DispatchQueue
    private let lock = NSLock()
    private var met: [Ending] = []
    private var shown: [[String]] = []
    private var begun: [String] = []
    private var whyNot: [String] = []
    private var sent = 0
    private var mine: Nearby?

    init(_ wallet: Wallet, _ air: DispatchQueue) throws {
        self.air = air
        mine = try Nearby(wallet: wallet, radio: self)
        try wallet.listen(listener: self)
    }

    var endings: [Ending] { lock.withLock { met } }
    var codes: [[String]] { lock.withLock { shown } }
    var tallies: [String] { lock.withLock { begun } }
    var reasons: [String] { lock.withLock { whyNot } }
    var hasThrown: Bool { lock.withLock { throwsOn >= 0 && sent > throwsOn } }

    func nearby() throws -> Nearby { try XCTUnwrap(mine) }

    func changed(notice: Notice) throws {
        switch notice {
        case .over(let report):
            lock.withLock { met.append(report.ending ?? .unfinished) }
            over.fulfill()
        case .compare(let words, let emoji):
            lock.withLock { shown.append(words + emoji) }
            compared.fulfill()
        case .introduced(let tally):
            lock.withLock { begun.append(tally) }
            introduced.fulfill()
        case .notIntroduced(let trouble):
            lock.withLock { whyNot.append(trouble.code) }
            refused.fulfill()
        default: break
        }
    }

    func connect(peer: String) throws {
        // A number that is not given twice.
        let link = DispatchTime.now().uptimeNanoseconds
        later { near, other in
            try other.linkUp(link: link, peer: "caller", mtu: 185, dialing: false, now: now())
            try near.linkUp(link: link, peer: peer, mtu: 185, dialing: true, now: now())
        }
    }

    func send(link: UInt64, packet: Data) throws {
        let no = lock.withLock { () -> Int in
            defer { sent += 1 }
            return sent
        }
        if no == throwsOn { throw CocoaError(.featureUnsupported) }
        later { _, other in try other.packet(link: link, bytes: packet, mtu: 185, now: now()) }
    }

    func hangUp(link: UInt64) throws {
        later { near, other in
            try near.linkDown(link: link, now: now())
            try other.linkDown(link: link, now: now())
        }
    }

    func wakeAt(at: UInt64) throws {
        let wait = at - min(at, now())
        air.asyncAfter(deadline: .now() + .milliseconds(Int(min(wait, 60_000)))) { [weak self] in
            // After a stop there is nothing to wake.
            try? self?.mine?.tick(now: now())
        }
    }

    private func later(_ act: @escaping @Sendable (Nearby, Nearby) throws -> Void) {
        air.asyncAfter(deadline: .now() + .milliseconds(1)) { [self] in
            guard let mine, let theirs = other?.mine else { return }
            try? act(mine, theirs)
        }
    }
}
