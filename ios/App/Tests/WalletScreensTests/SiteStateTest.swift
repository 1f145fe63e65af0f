import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import WalletScreens
import XCTest

/// The site, as its screen says it: two real wallets and the lab's site.
final class SiteStateTest: PairTest {
    private func state(_ wallet: Wallet, _ link: SiteLink?) throws -> SiteState {
        var state = SiteState(link: link)
        state.hear(try wallet.speakers(), home: try wallet.home())
        return state
    }

    func testFromATicketToASiteThatSpeaksAndIsForgotten() throws {
        let site = try SimulatedSite(seed: 3)
        var first = SiteState(link: nil)
        XCTAssertEqual(first.title, Phrase("site_why"))
        XCTAssertFalse(first.mayLink || first.mayGo)
        first.ticket = "  \(try site.ticket())\n"
        XCTAssertTrue(first.mayLink)
        first.begin(now: 100)
        XCTAssertFalse(first.mayLink, "one way at a time")
        let uplink = try ana.firstUplink(ticket: first.tidyTicket, now: site.now(), within: 20_000)
        XCTAssertTrue(try site.visit(uplink: uplink, cutAfter: nil).opened)
        let link = try uplink.link()
        first.kept(link)
        XCTAssertEqual(first.ticket, "")
        XCTAssertEqual(first.title, Phrase("site_linked", "site.example"))
        first.tick(now: 100 + SiteState.within + 5)
        XCTAssertEqual(first.way, .late, "no wheel turns for ever")

        var state = try state(ana, link)
        XCTAssertEqual(state.rows.map(\.note), [Phrase("speaks_here")])
        XCTAssertTrue(state.mayForget)
        try ana.hostAt(tally: tally, site: link.site)
        try meet()
        state = try self.state(ana, link)
        XCTAssertEqual(state.rows.map(\.note), [Phrase("speaks_site")])
        XCTAssertEqual(state.rows.map(\.partner), ["Ben"])
        XCTAssertFalse(state.mayForget, "it would speak for ever")
        XCTAssertEqual(try self.state(ana, nil).rows.map(\.note), [Phrase("speaks_other")])
        try ana.hostHere(tally: tally)
        try meet()
        state = try self.state(ana, link)
        XCTAssertEqual(state.rows.map(\.isSite), [false])
        state.forget()
        XCTAssertNil(state.link)
        XCTAssertEqual(state.title, Phrase("site_why"))
    }

    func testWhatCameOfAWayIsSaid() throws {
        var state = SiteState(link: nil)
        var come = Homecoming()
        state.came(come)
        XCTAssertEqual(state.way.value, [Phrase("site_all_final")])
        (come.pending, come.declined) = (2, ["malformed"])
        state.came(come)
        XCTAssertEqual(state.way.value, [Phrase("site_declined", counting: 1), Phrase("site_pending", counting: 2)])
        _ = try ana.pay(tally: tally, payment: Payment(units: 2_000))
        come.news = [try ben.take(code: ana.paymentCode(tally: tally, chit: XCTUnwrap(ana.history(tally: tally, page: PageOf()).first).id).bytes)]
        state.came(come)
        XCTAssertEqual(state.way.value?.first, Phrase("told_payment", "2.00"))
        come.trouble = trouble("unwelcome", .nobody)
        state.came(come)
        XCTAssertEqual(state.way.mishap?.text, Phrase("error_unwelcome"))
        state.failed(HazelError.Usage(trouble: trouble("no_site_ticket")))
        XCTAssertEqual(state.way.mishap?.text, Phrase("error_no_site_ticket"))
    }

    func testALinkIsKeptInAFileAndNonsenseThereIsNone() throws {
        let place = URL(fileURLWithPath: file("site.json"))
        XCTAssertNil(KeptLink.read(place))
        let link = SiteLink(site: "s", host: "h", port: 65_430, secret: Data([1, 2, 255]))
        try KeptLink.write(link, to: place)
        XCTAssertEqual(KeptLink.read(place), link)
        try Data("{".utf8).write(to: place)
        XCTAssertNil(KeptLink.read(place))
    }
}
