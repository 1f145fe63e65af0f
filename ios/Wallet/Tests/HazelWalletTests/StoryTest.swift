import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// One story: ticket, tally, a payment by code, a meeting over a radio that is cut, final.
final class StoryTest: FolderTest {
    func testFromATicketToAPaymentThatIsFinal() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 7)
        let (ana, ben) = (try pair.left(), try pair.right())
        let tally = try opened(pair, ana, ben)

        // Ben asks, Ana scans the picture's text and pays.
        let asked = try ben.ask(tally: tally, ask: Ask(units: 12_500, memo: "two coffees", items: []))
        let seen = try Scan(clock: nil).text(text: asked.text)
        guard case .invoice(_, let invoice, let units, _) = seen.meaning else { return XCTFail("\(seen)") }
        XCTAssertEqual(units, 12_500)
        _ = try ana.take(code: XCTUnwrap(seen.code).bytes)
        let chit = try ana.pay(tally: tally, payment: Payment(units: units, memo: "two coffees", invoice: invoice))
        XCTAssertEqual(try ana.word(tally, chit), "pending")

        // The payment travels as a code; the receipt travels back as one.
        let paid = try ben.take(code: ana.paymentCode(tally: tally, chit: chit).bytes)
        XCTAssertEqual(paid.payments, [12_500])
        _ = try ana.take(code: ben.receiptCode(tally: tally, chit: chit).bytes)
        XCTAssertEqual(try ana.word(tally, chit), "received")

        // A link that is lost before the two know each other leads nowhere, and loses nothing.
        let lost = try pair.meet(tally: tally, faults: Faults(cuts: [3]))
        guard case .failed(let trouble) = lost.left.ending else { return XCTFail("\(lost)") }
        XCTAssertEqual(trouble.code, "link_lost")

        // Over a bad radio, cut twice in the middle, both come to one order; both nodes agree, and that makes it final.
        let faults = Faults(loss: 5, doubling: 5, jitter: 20, cuts: [30, 25], late: true)
        let met = try pair.meet(tally: tally, faults: faults)
        XCTAssertTrue(met.left.met && met.links == 3, "\(met)")
        XCTAssertEqual(met.left.ending, .inSync)
        XCTAssertEqual(try ana.word(tally, chit), "final")
        XCTAssertEqual(try ben.word(tally, chit), "final")
        XCTAssertEqual(try ana.home().position.net, -12_500)
        XCTAssertEqual(try ben.home().position.finalNet, 12_500)
        XCTAssertEqual(
            try ana.tally(tally: tally, page: PageOf()).tally.head, try ben.tally(tally: tally, page: PageOf()).tally.head)
        XCTAssertEqual(try ana.exportCsv(tally: tally), try ben.exportCsv(tally: tally))
        XCTAssertEqual(try ana.exportJson(tally: tally), try ben.exportJson(tally: tally))
        let whole = try JSONSerialization.jsonObject(with: Data(ana.exportJson(tally: tally).utf8)) as? [String: Any]
        let memos = (whole?["entries"] as? [[String: Any]])?.compactMap { $0["memo"] as? String }
        XCTAssertTrue(memos?.contains("two coffees") == true, "\(String(describing: whole))")
        let exposure = try XCTUnwrap(ben.tally(tally: tally, page: PageOf()).exposure)
        XCTAssertEqual([exposure.held, exposure.outside], [12_500, 0])
    }

    func testAScreenFollowsEveryChangeAndEndsWithTheWallet() async throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 13)
        let tally = try opened(pair, pair.left(), pair.right())
        let wallet = try HazelWallet(pair.left())
        var home = wallet.home().makeAsyncIterator()
        var page = wallet.tally(tally).makeAsyncIterator()
        let before = try await home.next()
        XCTAssertEqual(before?.position.net, 0)
        _ = try await page.next()
        let chit = try await wallet.run { try $0.pay(tally: tally, payment: Payment(units: 700)) }
        let after = try await home.next()
        XCTAssertEqual(after?.position.net, -700)
        let line = try await page.next()?.chits.first { $0.id == chit }
        XCTAssertEqual(line?.units, -700)
        // One change more, which nobody reads before the end: the stream ends, and does not fail.
        _ = try await wallet.run { try $0.pay(tally: tally, payment: Payment(units: 1)) }
        try wallet.close()
        while try await home.next() != nil {}
        var late = wallet.notices.makeAsyncIterator()
        let nothing = await late.next()
        XCTAssertNil(nothing)
    }

    func testAnEventIsToldAgainUntilTheReaderComesBack() async throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 14)
        _ = try opened(pair, pair.left(), pair.right())
        let wallet = try HazelWallet(pair.right())
        var interrupted = wallet.events().makeAsyncIterator()
        let first = try await interrupted.next()
        XCTAssertNotNil(first)
        // The app was killed while it told the first: it is told again, and then counts as told.
        var again = wallet.events().makeAsyncIterator()
        let same = try await again.next()
        XCTAssertEqual(first, same)
        try await wallet.run { bridge in
            while let event = try bridge.nextEvent() { try bridge.eventHandled(no: event.no) }
        }
        let waiting = Task { [events = wallet.events()] in
            var reader = events.makeAsyncIterator()
            return try await reader.next()
        }
        try wallet.close()
        let none = try await waiting.value
        XCTAssertNil(none)
        var late = wallet.events().makeAsyncIterator()
        let nothing = try await late.next()
        XCTAssertNil(nothing)
    }
}
