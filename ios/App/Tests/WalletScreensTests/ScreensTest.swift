import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import WalletScreens
import XCTest

/// What screens show of two real wallets.
final class ScreensTest: PairTest {
    func testWhoOwesStandsInWordsNeverInASign() throws {
        _ = try ana.pay(tally: tally, payment: Payment(units: 12_500, memo: "two coffees"))
        let home = HomeState(try ana.home())
        XCTAssertEqual(home.net, "12.50")
        XCTAssertEqual(home.direction, Phrase("you_owe"))
        XCTAssertEqual(home.pending, Phrase("of_it_pending", "12.50"))
        XCTAssertEqual(home.tallies.map(\.partner), ["Ben"])
        XCTAssertEqual(home.tallies.first?.note, Phrase("note_not_final"))
        XCTAssertTrue(home.waiting.contains { $0.goal == .meet(tally) }, "\(home.waiting)")
        try meet()
        let after = HomeState(try ben.home())
        XCTAssertEqual(after.direction, Phrase("owed_to_you"))
        XCTAssertNil(after.pending)
        XCTAssertNil(after.tallies.first?.note)
        XCTAssertEqual(amount(.min), amount(.max))
    }

    func testFromTypingAnAmountToAPaymentThatIsFinal() throws {
        var pay = PayState(tally: tally, partner: "Ben")
        pay.type("12,5")
        XCTAssertEqual(pay.units, 12_500)
        XCTAssertNil(pay.payment, "nothing is signed before it is known what it would mean")
        let quote = try ana.quote(tally: tally, units: 12_500)
        pay.hear(quote, for: 999)
        XCTAssertNil(pay.quote, "an answer to another amount")
        pay.hear(quote, for: 12_500)
        XCTAssertEqual(pay.meaning, Phrase("after_owing", "12.50"))
        pay.memo = "two coffees"
        let payment = try XCTUnwrap(pay.payment)
        pay.sign(now: 100)
        XCTAssertNil(pay.payment, "it is not signed twice")
        pay.signed(try ana.pay(tally: tally, payment: payment))
        XCTAssertNil(pay.payment)
        XCTAssertEqual(try page(ana).chits.first?.facets.map(\.isReached), [true, false, false, false])
        try meet()
        let chit = try XCTUnwrap(page(ana).chits.first)
        XCTAssertEqual(chit.facets.map(\.isReached), [true, true, true, true])
        XCTAssertEqual([chit.title, chit.balance], [Phrase("chit_by_you"), Phrase("then_owing", "12.50")])
        XCTAssertEqual(try page(ben).chits.first?.title, Phrase("chit_to_you"))
        XCTAssertEqual(try page(ben).fingerprint, try page(ana).fingerprint)
    }

    func testBeyondTheLimitOnlyWhoInsistsPaysAndThePartnerMustAccept() throws {
        var pay = PayState(tally: tally, partner: "Ben")
        pay.type("150")
        pay.hear(try ana.quote(tally: tally, units: 150_000), for: 150_000)
        XCTAssertEqual(pay.obstacle?.text, Phrase("error_over_limit", "100.00"))
        XCTAssertTrue(pay.canInsist)
        XCTAssertNil(pay.payment)
        pay.insists = true
        _ = try ana.pay(tally: tally, payment: XCTUnwrap(pay.payment))
        pay.type("151")
        XCTAssertFalse(pay.insists, "whoever insisted on one amount has not insisted on another")
        try meet()
        let chit = try XCTUnwrap(page(ben).chits.first)
        XCTAssertTrue(chit.canAccept)
        XCTAssertEqual(chit.note, Phrase("taken_over_limit"))
        XCTAssertFalse(try XCTUnwrap(page(ana).chits.first).canAccept)
        try ben.acceptPledge(tally: tally, chit: chit.id)
        XCTAssertEqual(try page(ben).chits.first { $0.id == chit.id }?.note, Phrase("taken_accepted"))
    }

    func testNonsenseIsNoAmountAndAWheelHasAnEnd() throws {
        var pay = PayState(tally: tally, partner: "Ben")
        for text in ["x", "-1", "0", "1.2.3", "1e5", "9999999999999999999999"] {
            pay.type(text)
            XCTAssertNil(pay.units, text)
            XCTAssertTrue(pay.isNonsense, text)
        }
        pay.type("1")
        pay.hear(try ana.quote(tally: tally, units: 1_000), for: 1_000)
        pay.sign(now: 100)
        pay.tick(now: 109)
        XCTAssertTrue(pay.outcome.isWorking)
        pay.tick(now: 110)
        XCTAssertEqual(pay.outcome, .late)
        pay.learn(.neverSigned)
        XCTAssertNotNil(pay.payment)
        pay.learn(.signed(chit: "c"))
        XCTAssertEqual(pay.outcome.value, "c")
        pay.failed(HazelError.Machine(trouble: trouble("disk_full", .machine)))
        XCTAssertEqual(pay.outcome.mishap?.text, Phrase("error_disk_full"))
    }

    func testAskingShowsACodeThatTheOtherPhoneScansAndPays() throws {
        var ask = AskState(tally: tally, partner: "Ana")
        ask.type("4.20")
        ask.memo = "bread"
        ask.show(try ben.ask(tally: tally, ask: XCTUnwrap(ask.ask)))
        XCTAssertNil(ask.ask, "it is not asked twice")
        let code = try XCTUnwrap(ask.code.value)
        let shown = try CodeState(code, title: Phrase("code_ask", "4.20"))
        XCTAssertNotNil(shown.link)
        XCTAssertNil(shown.progress)

        var scan = ScanState()
        scan.see(try Scan(clock: nil).text(text: code.text), text: code.text)
        guard case .pay(let seen, let tally, let invoice) = scan.step else { return XCTFail("\(scan)") }
        scan.begin(now: 1)
        scan.took(try ana.take(code: seen.bytes))
        XCTAssertEqual(scan.result.value?.first, Phrase("told_asked", "4.20"))
        XCTAssertEqual(try page(ana).invoices.map(\.title), [Phrase("invoice_theirs")])
        var pay = PayState(tally: tally, partner: "Ben", invoice: try ana.invoice(invoice: invoice))
        pay.type("1")
        XCTAssertEqual(pay.units, 4_200, "what was asked for cannot be changed")
        pay.hear(try ana.quote(tally: tally, units: 4_200), for: 4_200)
        _ = try ana.pay(tally: tally, payment: XCTUnwrap(pay.payment))
        pay.learn(try ana.wentFor(invoice: invoice))
        XCTAssertNotNil(pay.outcome.value)
    }

    func testAStillCodeIsBlackSquaresInWhiteAndAMovingOneMoves() throws {
        let still = try CodeState(try ben.ask(tally: tally, ask: Ask(units: 1_000, items: [])), title: Phrase("code_ask"))
        XCTAssertFalse(still.isMoving)
        XCTAssertFalse((0..<4).contains { row in !still.runs(row).isEmpty }, "the white around belongs to it")
        // The corner of every QR code: seven black squares, and a frame.
        XCTAssertEqual(still.runs(4).first?.from, 4)
        XCTAssertEqual(still.runs(4).first?.length, 7)
        for row in 0..<still.side {
            let dark = (0..<still.side).filter { still.isDark($0, row) }
            XCTAssertEqual(dark, still.runs(row).flatMap { Array($0.from..<$0.from + $0.length) })
        }
        XCTAssertFalse(still.isDark(-1, 900))

        // A payment with a long memo does not fit one picture. The other phone's camera sees frame after frame.
        let chit = try ana.pay(tally: tally, payment: Payment(units: 2_000, memo: String(repeating: "bread ", count: 39)))
        var moving = try CodeState(ana.paymentCode(tally: tally, chit: chit), title: Phrase("code_payment"))
        XCTAssertTrue(moving.isMoving)
        XCTAssertEqual(moving.progress?.words.first, "1")
        let camera = try Scan(clock: nil)
        var scan = ScanState()
        for _ in 0..<40 where scan.step == nil {
            let (pixels, width) = photo(of: moving)
            for seen in try camera.frame(pixels: pixels, width: width, height: width, stride: width) { scan.see(seen, text: "\(seen)") }
            try moving.step()
        }
        guard case .take(let code) = scan.step else { return XCTFail("\(scan)") }
        scan.took(try ben.take(code: code.bytes))
        XCTAssertEqual(scan.result.value?.first, Phrase("told_payment", "2.00"))
    }

    /// Four pixels a square.
    private func photo(of code: CodeState) -> (Data, UInt32) {
        let width = code.side * 4
        var pixels = Data(repeating: 255, count: width * width)
        for row in 0..<code.side {
            for run in code.runs(row) {
                for y in row * 4..<row * 4 + 4 {
                    for x in run.from * 4..<(run.from + run.length) * 4 { pixels[y * width + x] = 0 }
                }
            }
        }
        return (pixels, UInt32(width))
    }

    func testWhatIsScannedAndNotOursIsShownAndNeverFollowed() throws {
        func step(_ text: String) throws -> ScanStep? {
            var scan = ScanState()
            scan.see(try Scan(clock: nil).text(text: text), text: text)
            return scan.step
        }
        XCTAssertEqual(try step("WIFI:S:cafe;;"), .show(Phrase("scan_foreign", "WIFI:S:cafe;;")))
        guard case .failed = try step("HZ:nonsense") else { return XCTFail() }
        guard case .show = try step(String(repeating: "a", count: 5_000)) else { return XCTFail() }
        let ticket = try ben.invite(side: .foil, terms: Terms(limit: 7_000, noticeDays: 30), validFor: 60).code
        guard case .answer(_, "Ben", let granted) = try step(ticket.text) else { return XCTFail() }
        XCTAssertEqual(granted.limit, 7_000)
    }

    func testAMeetingIsToldFromTheFirstLookToWhatIsStillOpen() throws {
        var meet = MeetState(tally: tally, partner: "Ben")
        meet.begin([.switchedOff, .savingPower], now: 0)
        XCTAssertEqual(meet.text, Phrase("blocked_switched_off"))
        XCTAssertEqual(meet.hints, [.savingPower])
        meet.begin([], now: 0)
        XCTAssertTrue(meet.isBusy)
        meet.tick(now: MeetState.look)
        XCTAssertEqual(meet.phase, .nobody)
        XCTAssertFalse(meet.isBusy)
        meet.begin([], now: 100)
        meet.hear(.met(tally: "another"), now: 101)
        XCTAssertEqual(meet.phase, .looking(until: 160))
        meet.hear(.met(tally: tally), now: 102)
        meet.hear(.parted(tally: tally), now: 103)
        XCTAssertEqual(meet.text, Phrase("meet_parted", "Ben"))
        meet.tick(now: 103 + MeetState.talk)
        XCTAssertEqual(meet.text, Phrase("meet_unfinished"))
        _ = try ana.pay(tally: tally, payment: Payment(units: 500))
        let cut = try self.meet(nil, Faults(cuts: [3]))
        meet.hear(.over(report: cut.left), now: 300)
        XCTAssertFalse(meet.isBusy)
        let met = try self.meet()
        meet.hear(.over(report: met.left), now: 400)
        XCTAssertEqual(meet.phase, .over(Phrase("meet_in_sync"), open: []))
        for blocker in Blocker.allCases { XCTAssertFalse(MeetState.remedy(blocker).key.isEmpty) }
    }

    func testTheCurveStepsAndSaysWhatItShows() throws {
        XCTAssertNil(try page(ana).curve, "there is no line of one point")
        for units: Int64 in [10_000, 5_000] { _ = try ana.pay(tally: tally, payment: Payment(units: units)) }
        try meet()
        _ = try ben.pay(tally: tally, payment: Payment(units: 40_000))
        try meet()
        let curve = try XCTUnwrap(page(ana).curve)
        XCTAssertEqual(curve.spoken, Phrase("curve_spoken", "10.00", "25.00", "15.00", "25.00"))
        XCTAssertEqual(curve.steps.first?.x, 0)
        XCTAssertEqual(curve.steps.last?.x, 1)
        XCTAssertEqual(curve.steps.last?.y, 0)
        XCTAssertEqual(curve.steps.count, 5)
        XCTAssertEqual(curve.zero, 25.0 / 40.0, accuracy: 0.0001)
        XCTAssertTrue(curve.steps.allSatisfy { (0...1).contains($0.x) && (0...1).contains($0.y) })
    }

    func testHistoryComesPageByPageAndLateAnswersAreThrownAway() throws {
        for no in 0..<60 { _ = try ana.pay(tally: tally, payment: Payment(units: 100, memo: no % 2 == 0 ? "bread" : "milk")) }
        var history = HistoryState(tally: tally)
        func turn() throws {
            let (question, page) = try XCTUnwrap(history.next)
            history.hear(try ana.history(tally: tally, page: page), to: question)
        }
        try turn()
        XCTAssertEqual(history.rows.count, 50)
        let (old, page) = try XCTUnwrap(history.next)
        let late = try ana.history(tally: tally, page: page)
        try turn()
        XCTAssertEqual(history.rows.count, 60)
        XCTAssertNil(history.next)
        history.text = "milk"
        history.startOver()
        history.hear(late, to: old)
        XCTAssertEqual(history.rows, [])
        try turn()
        XCTAssertEqual(history.rows.count, 30)
        XCTAssertEqual(Set(history.rows.map(\.memo)), ["milk"])
        XCTAssertEqual(HistoryState.Form.csv.fileName("../Ben: \"x\""), "hazel-Benx.csv")
        XCTAssertEqual(HistoryState.Form.json.fileName("🌰"), "hazel-tally.json")
        for form in HistoryState.Form.allCases { XCTAssertTrue(try form.write(tally, of: ana).contains("milk"), form.rawValue) }
    }

    func testWhatThePartnerMayOweAtWorstIsSaidWhereItIsMoreThanWhatIsHere() throws {
        XCTAssertEqual(try page(ben).worst, Phrase("exposure_worst", "Ana", "100.00"), "she may have signed what is not here")
        _ = try ana.pay(tally: tally, payment: Payment(units: 100_000))
        try meet()
        XCTAssertNil(try page(ben).worst, "all that she may owe is here")
    }

    func testAnOfferIsSeenBeforeItIsSigned() throws {
        let ticket = try ben.invite(side: .stock, terms: Terms(limit: 20_000, noticeDays: 30), validFor: 60)
        var mine = TermsState()
        mine.type("1x")
        XCTAssertTrue(mine.isNonsense)
        XCTAssertNil(mine.terms)
        mine.type("30")
        mine.noticeDays = 14
        let second = try ana.acceptTicket(code: ticket.code.bytes, terms: XCTUnwrap(mine.terms))
        try meet(second)
        XCTAssertTrue(HomeState(try ben.home()).waiting.contains { $0.goal == .offer(second) })
        try ben.offer(tally: second, mine: nil, theirs: nil)
        try meet(second)
        let offer = OfferState(try ana.offered(tally: second))
        XCTAssertEqual(Array(offer.lines[0...1]), [Phrase("offer_received", "20.00"), Phrase("notice_days", counting: 30)])
        XCTAssertEqual(Array(offer.lines[2...3]), [Phrase("offer_granted", "30.00"), Phrase("notice_days", counting: 14)])
        XCTAssertFalse(offer.isUnusual)
        try ana.refuse(tally: second)
        XCTAssertEqual(HomeState(try ana.home()).closed.map(\.id), [second])
    }

    func testDevicesAreListedAndOnlyOthersOfMineCanBeRevoked() throws {
        let new = try newDevice(name: "tablet")
        _ = try ana.addDevice(request: new.request)
        let devices = DevicesState(try ana.devices(tally: tally), hasRoot: true)
        XCTAssertEqual(devices.mine.count, 2)
        XCTAssertEqual(devices.mine.map(\.canRevoke), [false, true])
        XCTAssertEqual(devices.mine.first?.title.key, "device_here")
        XCTAssertEqual(devices.mine.last?.note, Phrase("device_allowance", "0.00"))
        XCTAssertTrue(devices.theirs.allSatisfy { !$0.canRevoke })
        let poor = DevicesState(try ana.devices(tally: tally), hasRoot: false)
        XCTAssertFalse(poor.canAdd || poor.mine.contains(where: \.canRevoke))
    }

    func testASecondDeviceIsLetInFromTheScreensOfBothAndPaysWhatItWasHanded() throws {
        var new = FirstStartState()
        new.join()
        XCTAssertEqual(new.page, .join)
        XCTAssertFalse(new.mayAsk || new.mayEnrol, "without a name nobody knows it")
        new.name = "tablet"
        XCTAssertTrue(new.mayAsk)
        new.asked(try newDevice(name: XCTUnwrap(new.tidyName)))
        XCTAssertFalse(new.mayAsk, "a second request would make the answer to the first one useless")
        XCTAssertTrue(new.mayEnrol)

        var old = LetInState()
        old.begin(now: 10)
        XCTAssertTrue(old.answer.isWorking)
        old.answered(try ana.addDevice(request: XCTUnwrap(new.device).request))
        let answer = try XCTUnwrap(old.answer.value)
        new.begin(now: 20)
        XCTAssertFalse(new.mayEnrol)
        let tablet = try Wallet.enrol(
            file: file("tablet.hazel"), keys: PocketKeys(), secret: XCTUnwrap(new.device).secret, enrolment: answer, clock: nil)
        new.done()
        XCTAssertNil(new.device, "its secret is let go of")

        let rows = DevicesState(try ana.devices(tally: tally), hasRoot: true).mine
        XCTAssertEqual(rows.map(\.canHand), [false, true])
        old.type("0")
        XCTAssertNil(old.units)
        old.type("20")
        try ana.handAllowance(tally: tally, to: XCTUnwrap(rows.last).number, units: XCTUnwrap(old.units))
        try meet()
        XCTAssertEqual(DevicesState(try ana.devices(tally: tally), hasRoot: true).mine.last?.note, Phrase("device_allowance", "20.00"))
        XCTAssertEqual(DevicesState(try ben.devices(tally: tally), hasRoot: true).theirs.count, 2)
        let other = try SimulatedPair(left: tablet, right: ben, seed: 9)
        _ = try other.meet(tally: tally, faults: Faults())
        _ = try tablet.pay(tally: tally, payment: Payment(units: 20_000))
        XCTAssertThrowsError(try tablet.pay(tally: tally, payment: Payment(units: 1))) {
            XCTAssertEqual(($0 as? HazelError)?.code, "over_allowance")
        }
        _ = try other.meet(tally: tally, faults: Faults())
        XCTAssertEqual(try page(ben).amount, "20.00")
        XCTAssertFalse(HomeState(try tablet.home()).hasRoot, "it lets in nobody itself")

        old.failed(HazelError.Usage(trouble: trouble("malformed")))
        XCTAssertNil(old.answer.value)
        old.begin(now: 100)
        old.tick(now: 130)
        XCTAssertEqual(old.answer, .late)
    }
}
