import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import XCTest

/// The way home: a site that really runs, a site in memory whose stream breaks, and sockets that behave badly.
final class SiteTest: FolderTest {
    func testTwoWalletsThatDoNotMeetAgainComeToAFinalPaymentThroughASiteThatRuns() async throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 21)
        let (ana, ben) = (try pair.left(), try pair.right())
        let tally = try opened(pair, ana, ben)
        let site = try Site(in: folder)
        let links = Links()
        for wallet in [ana, ben] {
            let come = try await WayHome(wallet, within: 60_000).first(ticket: site.ticket("user")) { links.keep($0) }
            XCTAssertNil(come.trouble)
        }
        XCTAssertEqual(links.all.count, 2)
        XCTAssertEqual(Set(links.all.map(\.site)), [site.name])
        for wallet in [ana, ben] { try wallet.hostAt(tally: tally, site: site.name) }
        XCTAssertEqual(try pair.meet(tally: tally, faults: Faults()).left.ending, .inSync)

        let chit = try ana.pay(tally: tally, payment: Payment(units: 7_000, memo: "bread"))
        // A site that is killed and comes back loses nothing.
        site.stop()
        let away = try await WayHome(ana).again(links.all[0])
        XCTAssertEqual(away.trouble?.code, "unreachable_site")
        try site.start()
        func isFinal() throws -> Bool { try ana.went(tally: tally, chit: chit) == .final(chit: chit) && ben.home().position.finalNet == 7_000 }
        var news: [Int64] = []
        for _ in 0..<20 where try !isFinal() {
            for (wallet, link) in zip([ana, ben], links.all) {
                let come = try await WayHome(wallet, within: 60_000).again(link)
                XCTAssertNil(come.trouble)
                XCTAssertEqual(come.declined, [])
                news += come.news.flatMap(\.payments)
            }
        }
        XCTAssertTrue(try isFinal())
        XCTAssertEqual(news, [7_000])
        for wallet in [ana, ben] { XCTAssertEqual(try wallet.audit().run().findings, []) }
    }

    func testATicketIsGoodOnceAndAKeptLinkAgainAndAgain() async throws {
        let (ana, site, links) = (try wallet("Ana"), try Site(in: folder), Links())
        let ticket = try site.ticket("ana")
        let come = try await WayHome(ana, within: 60_000).first(ticket: ticket) { links.keep($0) }
        XCTAssertNil(come.trouble)
        let again = try await WayHome(ana, within: 60_000).again(links.all[0])
        XCTAssertNil(again.trouble)
        let used = try await WayHome(try wallet("Ben"), within: 60_000).first(ticket: ticket) { links.keep($0) }
        XCTAssertEqual(used.trouble?.code, "unwelcome")
        XCTAssertEqual(links.all.count, 1, "whoever was not let in has nothing to keep")
        do {
            _ = try await WayHome(ana).first(ticket: "hazel-site:nonsense") { links.keep($0) }
            XCTFail("no ticket")
        } catch {
            XCTAssertEqual((error as? HazelError)?.code, "no_site_ticket")
        }
    }

    func testALinkThatCannotBeKeptEndsTheWay() async throws {
        let (ana, site) = (try wallet("Ana"), try Site(in: folder))
        do {
            _ = try await WayHome(ana, within: 60_000).first(ticket: site.ticket("ana")) { _ in throw Unexpected(what: "the disk is full") }
            XCTFail("it was not kept")
        } catch {
            XCTAssertTrue(error is Unexpected, "\(error)")
        }
    }

    func testSocketsThatRefuseHangUpBabbleOrSayNothingEndInTime() async throws {
        let ana = try wallet("Ana")
        func trouble(_ manners: BadPort.Manners, within: UInt64 = 60_000) async throws -> String? {
            let bad = try BadPort(manners)
            let come = try await WayHome(ana, within: within).again(link(to: bad.port))
            return withExtendedLifetime(bad) { come.trouble?.code }
        }
        let refused = try await trouble(.deaf)
        XCTAssertEqual(refused, "unreachable_site")
        let rude = try await trouble(.rude)
        XCTAssertEqual(rude, "unwelcome")
        let babbling = try await trouble(.babbling)
        XCTAssertNotNil(babbling)
        // It ends after the time that it was given, however long a dialog would wait for its first answer.
        let begun = Date()
        let silent = try await trouble(.silent, within: 3_000)
        XCTAssertEqual(silent, "late")
        XCTAssertLessThan(Date().timeIntervalSince(begun), 45)
        let nowhere = try await WayHome(ana, within: 60_000).again(link(to: 1, host: "nobody.invalid"))
        XCTAssertEqual(nowhere.trouble?.code, "unreachable_site")
    }

    func testAWayThatIsCancelledEndsAtOnceAndTheWalletWorksOn() async throws {
        let (ana, bad) = (try wallet("Ana"), try BadPort(.silent))
        let link = try link(to: bad.port)
        let begun = Date()
        let going = Task { try await WayHome(ana, within: .max).again(link) }
        try await Task.sleep(nanoseconds: 200_000_000)
        going.cancel()
        let come = try await going.value
        XCTAssertNotNil(come.trouble)
        XCTAssertLessThan(Date().timeIntervalSince(begun), 9, "the ten seconds of an opening were not waited for")
        let early = Task { try await WayHome(ana, within: 600_000).again(link) }
        early.cancel()
        let none = try await early.value
        XCTAssertNotNil(none.trouble)
        withExtendedLifetime(bad) {}
        XCTAssertEqual(try ana.home().name, "Ana")
    }

    func testAWayHomeWithAWalletThatWasClosedSaysSo() async throws {
        let (ana, bad) = (try wallet("Ana"), try BadPort(.silent))
        let link = try link(to: bad.port)
        try ana.shut()
        do {
            _ = try await WayHome(ana).again(link)
            XCTFail("it is closed")
        } catch {
            XCTAssertEqual((error as? HazelError)?.code, "closed")
        }
    }

    func testAStreamThatBreaksAgainAndAgainLosesNothing() throws {
        let pair = try SimulatedPair.fresh(folder: folder, seed: 11)
        let (ana, ben) = (try pair.left(), try pair.right())
        let (tally, site) = (try opened(pair, ana, ben), try SimulatedSite(seed: 5))
        XCTAssertEqual(try ana.speakers().map(\.here), [true])
        for wallet in [ana, ben] { try wallet.hostAt(tally: tally, site: site.name()) }
        XCTAssertEqual(try pair.meet(tally: tally, faults: Faults()).left.ending, .inSync)
        XCTAssertEqual(try ana.speakers().map(\.sites), [[try site.name()]])
        let links = try [ana, ben].map { wallet in
            let uplink = try wallet.firstUplink(ticket: site.ticket(), now: site.now(), within: 20_000)
            let visit = try site.visit(uplink: uplink, cutAfter: nil)
            XCTAssertTrue(visit.opened && visit.trouble == nil, "\(visit)")
            return try uplink.link()
        }
        func again(_ wallet: Wallet, _ link: SiteLink, cutAfter: UInt64? = nil) throws -> Visit {
            try site.visit(uplink: wallet.uplink(link: link, now: site.now(), within: 20_000), cutAfter: cutAfter)
        }
        let chit = try ana.pay(tally: tally, payment: Payment(units: 7_000, memo: "bread"))
        for cut: UInt64 in [100, 500, 900] { _ = try again(ana, links[0], cutAfter: cut) }
        XCTAssertEqual(try again(ana, links[0]).declined, [])
        XCTAssertEqual(try again(ben, links[1]).payments, [7_000])
        for _ in 0..<6 where try ana.went(tally: tally, chit: chit) != .final(chit: chit) {
            _ = try again(ana, links[0])
            _ = try again(ben, links[1])
        }
        XCTAssertEqual(try ana.went(tally: tally, chit: chit), .final(chit: chit))
        XCTAssertEqual(try again(ana, links[0]).pending, 0)
    }

    func testAnUplinkAfterItsEndAndAfterTheWallets() throws {
        let (ana, site) = (try wallet("Ana"), try SimulatedSite(seed: 1))
        func uplink() throws -> Uplink { try ana.firstUplink(ticket: site.ticket(), now: 0, within: 20_000) }
        let over = try uplink()
        try over.cancel()
        XCTAssertEqual(code { try over.connected(now: 0) }, "uplink_over")
        XCTAssertEqual(code { try over.cancel() }, "uplink_over")
        let link = try over.link()
        XCTAssertEqual(code { try ana.uplink(link: SiteLink(site: link.site, host: "a", port: 1, secret: Data([1])), now: 0, within: 1) }, "no_site")
        XCTAssertEqual(code { try ana.uplink(link: SiteLink(site: "nobody", host: "a", port: 1, secret: link.secret), now: 0, within: 1) }, "no_site")
        let (orphan, garbage) = (try uplink(), try uplink())
        let acts = try garbage.bytes(bytes: Data(repeating: 7, count: 4_000), now: 0)
        XCTAssertTrue(acts.contains { if case .ended(_, let trouble) = $0 { trouble != nil } else { false } })
        try ana.shut()
        XCTAssertEqual(code { try orphan.connected(now: 0) }, "closed")
        XCTAssertEqual(code { try orphan.connected(now: 0) }, "uplink_over")
    }

    private func wallet(_ name: String) throws -> Wallet {
        try Wallet.create(file: file("\(name).hazel"), keys: Keys(), name: name, words: newWords(), clock: nil)
    }

    /// A link to a site that is not there, whatever listens on the port.
    private func link(to port: UInt16, host: String = "127.0.0.1") throws -> SiteLink {
        let site = try SimulatedSite(seed: 1)
        let somebody = try Wallet.create(file: file(UUID().uuidString), keys: Keys(), name: "Somebody", words: newWords(), clock: nil)
        let link = try somebody.firstUplink(ticket: site.ticket(), now: 0, within: 1_000).link()
        return SiteLink(site: link.site, host: host, port: port, secret: link.secret)
    }
}

/// What was to be kept.
private final class Links: @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [SiteLink] = []

    func keep(_ link: SiteLink) { lock.withLock { kept.append(link) } }
    var all: [SiteLink] { lock.withLock { kept } }
}
