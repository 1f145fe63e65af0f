import Foundation
import HazelBridge
import HazelLab
import WalletScreens
import XCTest

/// What partners take along for one another, as the screens say it.
final class ErrandsTest: PairTest {
    func testSomebodyElseIsChosenAndWhatBecameOfItIsSaid() throws {
        let carrier = try Wallet.create(file: file("carrier.hazel"), keys: PocketKeys(), name: "Carrier", words: newWords(), clock: nil)
        let other = try SimulatedPair(left: ana, right: carrier, seed: 5)
        let terms = Terms(limit: 50_000, noticeDays: 30)
        let toCarrier = try ana.acceptTicket(code: carrier.invite(side: .stock, terms: terms, validFor: 3_600).code.bytes, terms: terms)
        _ = try other.meet(tally: toCarrier, faults: Faults())
        try carrier.offer(tally: toCarrier, mine: nil, theirs: nil)
        _ = try other.meet(tally: toCarrier, faults: Faults())
        try ana.accept(tally: toCarrier, version: ana.offered(tally: toCarrier).version)
        _ = try other.meet(tally: toCarrier, faults: Faults())

        func state(_ tally: String?) throws -> ErrandsState {
            ErrandsState(try ana.errands(), home: try ana.home(), carries: try ana.carriesErrands(), tally: tally)
        }
        _ = try ana.pay(tally: tally, payment: Payment(units: 2_500))
        XCTAssertEqual(try state(tally).carriers.map(\.partner), ["Carrier"])
        XCTAssertEqual(try state(nil).carriers, [])
        let given = try ana.giveErrand(to: tally, by: toCarrier, within: ErrandsState.week)
        XCTAssertEqual(ErrandsState.given(given, partner: "Ben", carrier: "Carrier"), Phrase("errand_ready", "Carrier"))
        XCTAssertEqual(ErrandsState.given(nil, partner: "Ben", carrier: "Carrier"), Phrase("errand_nothing", "Ben"))
        XCTAssertEqual(try state(tally).mine.map(\.note), [Phrase("errand_waits", "Carrier")])
        XCTAssertEqual(try state(tally).mine.map(\.canDrop), [true])

        try carrier.carryErrands(carries: true)
        let met = try other.meet(tally: toCarrier, faults: Faults())
        XCTAssertEqual(try state(nil).mine.map(\.note), [Phrase("errand_said_carried", "Carrier")])
        XCTAssertEqual(try state(nil).mine.map(\.title), [Phrase("errand_for", "Ben")])
        XCTAssertEqual(try state(nil).mine.map(\.canDrop), [false], "what has gone along is not taken back")
        var meeting = MeetState(tally: toCarrier, partner: "Carrier")
        meeting.hear(.over(report: met.left), now: 0)
        XCTAssertEqual(meeting.phase, .over(Phrase("meet_in_sync"), open: [Phrase("errand_said_carried", "Carrier")]))
        let theirs = ErrandsState(try carrier.errands(), home: try carrier.home(), carries: true, tally: nil)
        XCTAssertEqual(theirs.carried.map(\.title), [Phrase("errand_from", "Ana")])
        XCTAssertTrue(theirs.carries)
    }

    func testWhatWasTakenAlongAndHandedOverIsCounted() throws {
        let news: [ErrandNews] = [
            .ofPartner(said: .carried), .ofPartner(said: .full), .handedOver(said: .arrived), .handedOver(said: .spoilt),
            .ofMine(id: "1", said: .tooLong),
        ]
        var meeting = MeetState(tally: tally, partner: "Ben")
        let report = MeetingReport(
            tally: tally, met: true, delivered: 1, received: 1, ending: .inSync, unheld: 1, unordered: 0, unagreed: 0, errands: news)
        meeting.hear(.over(report: report), now: 0)
        XCTAssertEqual(
            meeting.phase,
            .over(
                Phrase("meet_in_sync"),
                open: [
                    Phrase("open_unheld", counting: 1), Phrase("errand_said_too_long", "Ben"), Phrase("errands_taken", counting: 1),
                    Phrase("errands_handed", counting: 2),
                ]))
    }
}
