import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// What apps, people, radios and key stores do wrong: a typed error, nothing lost, no crash.
final class BadInputTest: FolderTest {
    private func ana(_ keys: any KeyStore = Keys(), _ name: String = "wallet.hazel") throws -> Wallet {
        try Wallet.create(file: file(name), keys: keys, name: "Ana", words: newWords(), clock: nil)
    }

    private func reopened(_ keys: any KeyStore = Keys(), _ name: String = "wallet.hazel") throws -> Wallet {
        try Wallet.open(file: file(name), keys: keys, clock: nil)
    }

    func testUseAfterCloseAndClosingTwice() throws {
        let wallet = try ana()
        try wallet.shut()
        try wallet.shut()
        XCTAssertEqual(code { try wallet.home() }, "closed")
        let nowhere = String(repeating: "00", count: 16)
        XCTAssertEqual(code { try wallet.pay(tally: nowhere, payment: Payment(units: 1)) }, "closed")
        XCTAssertEqual(code { try wallet.resume() }, "closed")
    }

    func testAFrozenAppHoldsNoLockAndGoesOnWhereItWas() throws {
        let wallet = try ana()
        try wallet.suspend()
        XCTAssertEqual(code { try wallet.home() }, "suspended")
        // Somebody else can write the file meanwhile: nothing is locked.
        let other = try reopened()
        _ = try other.invite(side: .foil, terms: Terms(limit: 1_000, noticeDays: 30), validFor: 60)
        try other.shut()
        try wallet.resume()
        XCTAssertEqual(try wallet.home().tallies.count, 1)
    }

    func testManyThreadsAtOnce() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 1)
        let tally = try opened(pair, pair.left(), pair.right())
        let left = try pair.left()
        let trouble = Gathered()
        DispatchQueue.concurrentPerform(iterations: 64) { n in
            do {
                if n % 2 == 0 {
                    _ = try left.pay(tally: tally, payment: Payment(units: 10))
                } else {
                    _ = try left.tally(tally: tally, page: PageOf())
                }
            } catch {
                trouble.add("\(error)")
            }
        }
        XCTAssertEqual(trouble.all, [])
        XCTAssertEqual(try left.home().position.net, -320)
        XCTAssertEqual(try left.audit().run().findings, [])
    }

    func testEachAnswerOfAKeyStoreStaysWhatItIs() throws {
        try ana().shut()
        let answers: [(any Error, String)] = [
            (KeyStoreError.Cancelled, "cancelled"),
            (KeyStoreError.LockedOut, "locked_out"),
            (KeyStoreError.NotEnrolled, "not_enrolled"),
            (KeyStoreError.Invalidated, "invalidated"),
            (KeyStoreError.Damaged, "corrupt"),
            (KeyStoreError.Failed(reason: "broken chip"), "key_store_failed"),
            (CocoaError(.fileReadUnknown), "key_store_failed"),
        ]
        for (thrown, expected) in answers {
            XCTAssertThrowsError(try reopened(Keys(refusing: thrown))) { error in
                guard case HazelError.Locked(let trouble) = error else { return XCTFail("\(error)") }
                XCTAssertEqual(trouble.code, expected)
            }
            XCTAssertEqual(code { try ana(Keys(refusing: thrown), "other.hazel") }, expected)
            XCTAssertFalse(FileManager.default.fileExists(atPath: file("other.hazel")), "a wallet without a key was left")
        }
        // The person says yes the next time: the wallet is whole.
        XCTAssertEqual(try reopened().home().name, "Ana")
    }

    func testFilesThatAreNoWalletOrNotThereOrOfANewerHazel() throws {
        XCTAssertEqual(code { try reopened(Keys(), "nowhere.hazel") }, "unreachable")
        let notes = String(repeating: "twelve eggs", count: 1_000)
        try notes.write(toFile: file("notes.txt"), atomically: true, encoding: .utf8)
        XCTAssertEqual(code { try reopened(Keys(), "notes.txt") }, "not_a_wallet")
        try ana().shut()
        XCTAssertThrowsError(try ana()) { XCTAssertTrue($0 is HazelError, "\($0)") }
        let wallet = try reopened()
        XCTAssertEqual(try wallet.home().name, "Ana")
        try wallet.shut()
        // SQLite keeps the version of the schema at byte 60 of its first page.
        let place = URL(fileURLWithPath: file())
        var bytes = try Data(contentsOf: place)
        bytes[63] = 99
        try bytes.write(to: place)
        XCTAssertEqual(code { try reopened() }, "newer")
    }

    func testIdsCodesAndWordsThatAreNone() throws {
        let wallet = try ana()
        let ids = ["", "zz", "00", String(repeating: "00", count: 16), "\0", String(repeating: "ü", count: 32)]
        for id in ids {
            XCTAssertEqual(code { try wallet.tally(tally: id, page: PageOf()) }, "unknown", id)
            XCTAssertEqual(code { try wallet.went(tally: id, chit: id) }, "unknown", id)
        }
        XCTAssertEqual(code { try wallet.take(code: Data()) }, "no_such_code")
        XCTAssertNotNil(code { try wallet.take(code: Data(repeating: 1, count: 64)) })
        XCTAssertNotNil(code { try wallet.receive(handover: Data(count: 10_000)) })
        XCTAssertEqual(code { try wallet.backup(words: "one two three") }, "words")
        let foreign = try Scan(clock: nil).text(text: "WIFI:S:cafe;;").meaning
        guard case .foreign = foreign else { return XCTFail("\(foreign)") }
        let nonsense = try Scan(clock: nil).text(text: "HZ:nonsense").meaning
        guard case .refused = nonsense else { return XCTFail("\(nonsense)") }
    }

    func testARadioThatClaimsMoreThanItCarries() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 3)
        let left = try pair.left()
        let tally = try opened(pair, left, pair.right())
        let chit = try left.pay(tally: tally, payment: Payment(units: 500))
        let liar = try pair.meet(tally: tally, faults: Faults(mtu: 23, claims: 247))
        XCTAssertNotEqual(liar.left.ending, .inSync, "\(liar)")
        XCTAssertEqual(try left.went(tally: tally, chit: chit), .signed(chit: chit))
        XCTAssertEqual(try pair.meet(tally: tally, faults: Faults(mtu: 247)).left.ending, .inSync)
        XCTAssertEqual(try left.went(tally: tally, chit: chit), .final(chit: chit))
    }

    func testTwiceLateAndOutOfOrderCountsOnce() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 4)
        let left = try pair.left()
        let tally = try opened(pair, left, pair.right())
        for _ in 0..<5 { _ = try left.pay(tally: tally, payment: Payment(units: 1_000)) }
        let faults = Faults(loss: 10, doubling: 60, jitter: 300, cuts: [60], late: true)
        let met = try pair.meet(tally: tally, faults: faults)
        XCTAssertEqual(met.left.ending, .inSync, "\(met)")
        XCTAssertEqual(try pair.right().home().position.finalNet, 5_000)
    }

    func testAnEventComesAgainUntilItIsHandledAlsoAfterARestart() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 9)
        _ = try opened(pair, pair.left(), pair.right())
        let first = try XCTUnwrap(pair.right().nextEvent())
        XCTAssertEqual(first.code, "tally_requested")
        try pair.right().shut()
        let again = try reopened(LabKeys(), "ben.hazel")
        XCTAssertEqual(try again.nextEvent(), first)
        try again.eventHandled(no: first.no)
        XCTAssertNotEqual(try again.nextEvent(), first)
    }

    func testAnAppThatTheSystemKillsInAMeetingHasLostNothing() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 5)
        let left = try pair.left()
        let tally = try opened(pair, left, pair.right())
        for _ in 0..<3 { _ = try left.pay(tally: tally, payment: Payment(units: 1_000)) }
        let killed = try pair.meet(tally: tally, faults: Faults(killRightAfter: 45))
        XCTAssertNotEqual(killed.left.ending, .inSync, "\(killed)")
        try pair.right().shut()
        let right = try reopened(LabKeys(), "ben.hazel")
        let again = try SimulatedPair(left: left, right: right, seed: 6)
        XCTAssertEqual(try again.meet(tally: tally, faults: Faults()).left.ending, .inSync)
        XCTAssertEqual(try right.home().position.finalNet, 3_000)
        XCTAssertEqual(try right.audit().run().findings, [])
    }

    func testAPhoneThatBeginsAnewSignsOnAndBothComeToOneOrder() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 9)
        let tally = try opened(pair, pair.left(), pair.right())
        _ = try pair.right().pay(tally: tally, payment: Payment(units: 3))
        _ = try pair.meet(tally: tally, faults: Faults())
        try pair.right().renew(tally: tally)
        _ = try pair.right().pay(tally: tally, payment: Payment(units: 1))
        _ = try pair.meet(tally: tally, faults: Faults())
        XCTAssertEqual(try pair.meet(tally: tally, faults: Faults()).left.ending, .inSync)
        XCTAssertEqual(try pair.left().home().position.finalNet, 4)
        XCTAssertEqual(try pair.right().audit().run().findings, [])
    }

    func testAMeetingAfterItsEndAfterTheWalletsAndWithALinkThatCannotBe() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 8)
        let left = try pair.left()
        let tally = try opened(pair, left, pair.right())
        let meeting = try left.call(tally: tally, carrier: .memory)
        XCTAssertEqual(code { try meeting.linkUp(mtu: 3, dialing: true, now: 0) }, "bad_link")
        _ = try meeting.linkUp(mtu: 23, dialing: true, now: 0)
        XCTAssertEqual(code { try meeting.linkUp(mtu: 23, dialing: true, now: 1) }, "linked_already")
        _ = try meeting.cancel(now: 2)
        XCTAssertNotNil(try meeting.end().ending)
        XCTAssertEqual(code { try meeting.packet(bytes: Data(count: 20), now: 3) }, "meeting_over")
        XCTAssertEqual(code { try meeting.end() }, "meeting_over")
        let other = try left.call(tally: tally, carrier: .memory)
        try left.shut()
        XCTAssertEqual(code { try other.linkUp(mtu: 23, dialing: true, now: 4) }, "closed")
    }

    func testAClockThatThrowsFailsTheCallAndOnlyThat() throws {
        let clock = StoppableClock()
        let wallet = try Wallet.create(file: file(), keys: Keys(), name: "Ana", words: newWords(), clock: clock)
        let terms = Terms(limit: 1_000, noticeDays: 30)
        clock.isBroken = true
        XCTAssertEqual(code { try wallet.invite(side: .foil, terms: terms, validFor: 60) }, "callback_failed")
        clock.isBroken = false
        XCTAssertEqual(try wallet.home().tallies.count, 0)
    }

    func testAKeyStoreThatAnswersWithNonsenseIsFoundOut() throws {
        try ana().shut()
        XCTAssertEqual(code { try reopened(Liar(answer: Data(count: 7))) }, "key_store_failed")
        // Of the right length and wrong, it opens nothing that is sealed.
        XCTAssertEqual(code { try reopened(Liar(answer: Data(count: 32))) }, "corrupt")
    }
}

/// What apps with many tasks and bad listeners do.
final class BadCompanyTest: FolderTest {
    func testAListenerThatThrowsOrBlocksHoldsNoVerbUp() throws {
        let wallet = try Wallet.create(file: file(), keys: Keys(), name: "Ana", words: newWords(), clock: nil)
        let terms = Terms(limit: 1_000, noticeDays: 30)
        let thrower = BadListener(throwing: CocoaError(.featureUnsupported))
        try wallet.listen(listener: thrower)
        for _ in 0..<3 { _ = try wallet.invite(side: .foil, terms: terms, validFor: 60) }
        wait(for: [thrower.heardThree], timeout: 10)
        let blocker = BadListener(blocking: true)
        try wallet.listen(listener: blocker)
        // It hangs on the first notice; verbs go on, and so does closing.
        for _ in 0..<20 { _ = try wallet.invite(side: .foil, terms: terms, validFor: 60) }
        XCTAssertEqual(try wallet.home().tallies.count, 23)
        try wallet.shut()
        XCTAssertEqual(code { try wallet.home() }, "closed")
        blocker.letGo()
        XCTAssertEqual(try Wallet.open(file: file(), keys: Keys(), clock: nil).home().tallies.count, 23)
    }

    func testALogThatThrowsAtEveryLineStopsNothing() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 10)
        let left = try pair.left()
        let sink = BadSink()
        try left.logTo(sink: sink)
        let tally = try opened(pair, left, pair.right())
        _ = try left.pay(tally: tally, payment: Payment(units: 1_000))
        XCTAssertEqual(try pair.meet(tally: tally, faults: Faults()).left.ending, .inSync)
        XCTAssertEqual(try left.home().position.finalNet, -1_000)
        wait(for: [sink.heard], timeout: 10)
    }

    func testManyTasksAtOnceAndAWalletThatIsClosedAmongThem() async throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 31)
        let tally = try opened(pair, pair.left(), pair.right())
        let wallet = try HazelWallet(pair.left())
        let paid = await withTaskGroup(of: String.self) { group in
            for no in 0..<60 {
                group.addTask {
                    do {
                        if no == 40 { try wallet.close() }
                        _ = try await wallet.run { try $0.pay(tally: tally, payment: Payment(units: 10)) }
                        return "paid"
                    } catch {
                        return (error as? HazelError)?.code ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String: Int64]()) { $0[$1, default: 0] += 1 }
        }
        XCTAssertEqual(Set(paid.keys).subtracting(["paid", "closed"]), [], "\(paid)")
        XCTAssertGreaterThanOrEqual(paid["closed"] ?? 0, 1)
        try wallet.close()
        // What said that it paid is on the disk, and nothing else is.
        let again = try Wallet.open(file: file("ana.hazel"), keys: LabKeys(), clock: nil)
        XCTAssertEqual(try again.home().position.net, -10 * (paid["paid"] ?? 0))
        XCTAssertEqual(try again.audit().run().findings, [])
    }
}

/// A log that throws at each line.
private final class BadSink: LogSink, @unchecked Sendable {
    let heard: XCTestExpectation = {
        let it = XCTestExpectation(description: "a line")
        it.assertForOverFulfill = false
        return it
    }()

    func log(level: LogLevel, line: String) throws {
        heard.fulfill()
        throw CocoaError(.fileWriteOutOfSpace)
    }
}

/// A listener that throws at each notice, or hangs until it is let go.
private final class BadListener: Listener, @unchecked Sendable {
    let heardThree: XCTestExpectation = {
        let it = XCTestExpectation(description: "three notices")
        it.expectedFulfillmentCount = 3
        it.assertForOverFulfill = false
        return it
    }()
    private let error: CocoaError?
    private let gate: DispatchSemaphore?

    init(throwing error: CocoaError? = nil, blocking: Bool = false) {
        self.error = error
        gate = blocking ? DispatchSemaphore(value: 0) : nil
    }

    func letGo() { for _ in 0..<100 { gate?.signal() } }

    func changed(notice: Notice) throws {
        heardThree.fulfill()
        gate?.wait()
        if let error { throw error }
    }
}

/// What several threads found.
private final class Gathered: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [String] = []

    var all: [String] { lock.withLock { found } }
    func add(_ what: String) { lock.withLock { found.append(what) } }
}

/// A clock that can be broken. Only one thread at a time has it.
private final class StoppableClock: Clock, @unchecked Sendable {
    var isBroken = false

    func now() throws -> UInt64 {
        if isBroken { throw CocoaError(.featureUnsupported) }
        return 1_800_000_000
    }
}

/// A key store that unwraps everything to the same bytes.
private final class Liar: KeyStore {
    private let answer: Data

    init(answer: Data) { self.answer = answer }

    func wrap(secret: Data) throws -> Data { secret }
    func unwrap(wrapped: Data) throws -> Data { answer }
    func delete() throws {}
    func status() throws -> KeyStatus { .ready }
}
