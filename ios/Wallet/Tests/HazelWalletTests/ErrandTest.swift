import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// What partners take along for one another; and checking everything, which can be stopped.
final class ErrandTest: FolderTest {
    func testWhatThePayeeMustBeToldGoesAlongWithSomebodyWhoMeetsThem() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 51)
        let (payer, payee) = (try pair.left(), try pair.right())
        let carrier = try Wallet.create(file: file("carrier.hazel"), keys: Keys(), name: "Carrier", words: newWords(), clock: nil)
        let tally = try opened(pair, payer, payee)
        let (there, onwards) = (try SimulatedPair(left: payer, right: carrier, seed: 52), try SimulatedPair(left: carrier, right: payee, seed: 53))
        let (toCarrier, toPayee) = (try opened(there, payer, carrier), try opened(onwards, carrier, payee))
        _ = try payer.pay(tally: tally, payment: Payment(units: 2_500))
        let given = try XCTUnwrap(payer.giveErrand(to: tally, by: toCarrier, within: 604_800))
        XCTAssertNil(given.said)
        XCTAssertEqual(try there.meet(tally: toCarrier, faults: Faults()).left.errands, [.ofMine(id: given.id, said: .notCarrying)])
        try carrier.carryErrands(carries: true)
        let met = try there.meet(tally: toCarrier, faults: Faults())
        XCTAssertEqual(met.left.errands, [.ofMine(id: given.id, said: .carried)])
        XCTAssertEqual(met.right?.errands, [.ofPartner(said: .carried)])
        XCTAssertEqual(try carrier.errands().map(\.addressee), [nil])
        let brought = try onwards.meet(tally: toPayee, faults: Faults())
        XCTAssertEqual(brought.left.errands, [.handedOver(said: .arrived)])
        guard case .forMe(let tidings)? = brought.right?.errands.first else { return XCTFail("\(brought)") }
        XCTAssertEqual(tidings.tally, tally)
        XCTAssertEqual(tidings.payments, [2_500])
        XCTAssertEqual(try payee.home().position.net, 2_500)
        XCTAssertEqual(try carrier.errands(), [])
        for wallet in [payer, payee, carrier] { XCTAssertEqual(try wallet.audit().run().findings, []) }
    }

    func testWhatCannotBeGivenIsRefusedAndForgottenIsForgotten() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 54)
        let tally = try opened(pair, pair.left(), pair.right())
        XCTAssertThrowsError(try pair.left().giveErrand(to: tally, by: tally, within: 60)) {
            XCTAssertEqual(($0 as? HazelError)?.code, "same_partner")
        }
        XCTAssertThrowsError(try pair.left().dropErrand(id: "xyz")) { XCTAssertEqual(($0 as? HazelError)?.code, "unknown") }
        XCTAssertFalse(try pair.left().carriesErrands())
    }

    func testACheckThatIsStoppedSaysNothingAndTheWalletWorks() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 56)
        let tally = try opened(pair, pair.left(), pair.right())
        let audit = try pair.left().audit()
        try audit.cancel()
        XCTAssertThrowsError(try audit.run()) { XCTAssertEqual(($0 as? HazelError)?.code, "stopped") }
        _ = try pair.left().pay(tally: tally, payment: Payment(units: 1))
        let report = try pair.left().audit().run()
        XCTAssertEqual(report.findings, [])
        XCTAssertEqual(report.strayPages, 0)
        XCTAssertGreaterThan(report.chits, 0)
    }
}
