package org.hazel.wallet

import java.io.IOException
import java.net.ServerSocket
import java.nio.file.Path
import kotlin.concurrent.thread
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.hazel.bridge.Ending
import org.hazel.bridge.HazelException
import org.hazel.bridge.Homeward
import org.hazel.bridge.PageOf
import org.hazel.bridge.Payment
import org.hazel.bridge.SiteLink
import org.hazel.bridge.Wallet
import org.hazel.bridge.Went
import org.hazel.bridge.Wishes
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.hazel.lab.SimulatedSite
import org.hazel.lab.Visit
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** The way home: a site in a process of its own, one at the other end of a stream in memory, and sockets that behave badly. */
class SiteTest {
    @TempDir
    lateinit var folder: Path

    private fun SimulatedSite.first(wallet: Wallet, cutAfter: ULong? = null): Pair<Visit, SiteLink> {
        val uplink = wallet.firstUplink(ticket(), now(), 20_000uL)
        return visit(uplink, cutAfter) to uplink.link()
    }

    private fun SimulatedSite.again(wallet: Wallet, link: SiteLink, cutAfter: ULong? = null): Visit =
        visit(wallet.uplink(link, now(), 20_000uL), cutAfter)

    @Test
    fun `two wallets that do not meet again come to a payment that is final, through their site`() {
        val pair = SimulatedPair.fresh(folder.toString(), 11uL)
        val (ana, ben) = pair.left() to pair.right()
        val tally = opened(pair, ana, ben)
        val site = SimulatedSite(5uL)
        assertTrue(ana.speakers().single().here)
        for (wallet in listOf(ana, ben)) wallet.hostAt(tally, site.name())
        // Both learn at a meeting that the site speaks for both.
        assertEquals(Ending.InSync, pair.meet(tally, Faults()).left.ending)
        assertEquals(listOf(site.name()), ana.speakers().single().sites)

        val links = listOf(ana, ben).map { wallet ->
            val (visit, link) = site.first(wallet)
            assertTrue(visit.opened && visit.trouble == null, "$visit")
            link
        }
        val chit = ana.pay(tally, Payment(units = 7_000, memo = "bread"))
        // A stream that breaks again and again loses nothing.
        for (cut in listOf(100uL, 500uL, 900uL)) site.again(ana, links[0], cut)
        assertEquals(emptyList<String>(), site.again(ana, links[0]).declined)
        assertEquals(listOf(7_000L), site.again(ben, links[1]).payments)
        var rounds = 0
        while (ana.went(tally, chit) != Went.Final(chit) && rounds++ < 6) {
            site.again(ana, links[0])
            site.again(ben, links[1])
        }
        assertEquals(Went.Final(chit), ana.went(tally, chit), "after $rounds rounds")
        assertEquals(7_000, ben.home().position.finalNet)
        val last = site.again(ana, links[0])
        assertEquals(0uL, last.pending, "$last")
        assertEquals(ana.tally(tally, PageOf()).tally.head, ben.tally(tally, PageOf()).tally.head)
        for (wallet in listOf(ana, ben)) assertEquals(emptyList<String>(), wallet.audit().run().findings)
    }

    @Test
    fun `a site lets nobody in whom it does not know, and a ticket is good for one`() {
        val ana = Wallet.create(folder.resolve("ana.hazel").toString(), Keys(), "Ana", newWords(), null)
        val (site, other) = SimulatedSite(1uL) to SimulatedSite(2uL)
        assertEquals("no_site_ticket", assertThrows<HazelException> { ana.firstUplink("hazel-site:nonsense", 0uL, 1_000uL) }.code)
        val elsewhere = other.visit(ana.firstUplink(site.ticket(), 0uL, 20_000uL), null)
        assertTrue(!elsewhere.opened && elsewhere.trouble != null, "$elsewhere")
        val link = ana.firstUplink(site.ticket(), 0uL, 20_000uL).link()
        assertEquals("unwelcome", site.again(ana, link).trouble?.code)
        assertEquals("no_site", assertThrows<HazelException> { ana.uplink(link.copy(secret = ByteArray(3)), 0uL, 1uL) }.code)
        assertEquals("no_site", assertThrows<HazelException> { ana.uplink(link.copy(site = "nobody"), 0uL, 1uL) }.code)
    }

    @Test
    fun `an uplink after its end, and after the wallet's`() {
        val ana = Wallet.create(folder.resolve("ana.hazel").toString(), Keys(), "Ana", newWords(), null)
        val site = SimulatedSite(1uL)
        val over = ana.firstUplink(site.ticket(), 0uL, 20_000uL)
        over.cancel()
        assertEquals("uplink_over", assertThrows<HazelException> { over.connected(0uL) }.code)
        assertEquals("uplink_over", assertThrows<HazelException> { over.cancel() }.code)
        val orphan = ana.firstUplink(site.ticket(), 0uL, 20_000uL)
        val garbage = ana.firstUplink(site.ticket(), 0uL, 20_000uL)
        assertTrue(garbage.bytes(ByteArray(4_000) { 7 }, 0uL).any { it is Homeward.Ended && it.trouble != null })
        ana.shut()
        assertEquals("closed", assertThrows<HazelException> { orphan.connected(0uL) }.code)
        assertEquals("uplink_over", assertThrows<HazelException> { orphan.connected(0uL) }.code)
    }

    @Test
    fun `sockets that refuse, hang up, or say nothing end in time`() = runBlocking {
        val ana = Wallet.create(folder.resolve("ana.hazel").toString(), Keys(), "Ana", newWords(), null)
        val link = ana.firstUplink(SimulatedSite(1uL).ticket(), 0uL, 1_000uL).link().copy(host = "127.0.0.1")
        val closed = ServerSocket(0).use { it.localPort }
        assertEquals("unreachable_site", WayHome(ana).again(link.copy(port = closed.toUShort())).trouble?.code)
        assertEquals("unreachable_site", WayHome(ana).again(link.copy(host = "nobody.invalid")).trouble?.code)
        ServerSocket(0).use { server ->
            val peer = thread { runCatching { server.accept().use { it.getInputStream().read(); it.close() }; server.accept().use { Thread.sleep(60_000) } } }
            assertEquals("unwelcome", WayHome(ana).again(link.copy(port = server.localPort.toUShort())).trouble?.code)
            val begun = System.nanoTime()
            assertEquals("late", WayHome(ana, within = 3_000).again(link.copy(port = server.localPort.toUShort())).trouble?.code)
            assertTrue(System.nanoTime() - begun < 45_000_000_000)
            peer.interrupt()
        }
    }

    @Test
    fun `a way that is cancelled ends at once, and the wallet works on`() = runBlocking {
        val ana = Wallet.create(folder.resolve("ana.hazel").toString(), Keys(), "Ana", newWords(), null)
        val link = ana.firstUplink(SimulatedSite(1uL).ticket(), 0uL, 1_000uL).link()
        ServerSocket(0).use { silent ->
            val begun = System.nanoTime()
            val going = launch { WayHome(ana, within = Long.MAX_VALUE).again(link.copy(host = "127.0.0.1", port = silent.localPort.toUShort())) }
            delay(200)
            going.cancelAndJoin()
            assertTrue(System.nanoTime() - begun < 9_000_000_000, "the ten seconds of an opening were not waited for")
        }
        assertEquals("Ana", ana.home().name)
    }

    @Test
    fun `through a site that runs, and that is killed and comes back, a payment becomes final`() = runBlocking {
        val pair = SimulatedPair.fresh(folder.toString(), 13uL)
        val (ana, ben) = pair.left() to pair.right()
        val tally = opened(pair, ana, ben)
        Site(folder).use { site ->
            val links = mutableListOf<SiteLink>()
            val tickets = List(2) { site.ticket("user") }
            for ((wallet, ticket) in listOf(ana, ben).zip(tickets)) assertNull(WayHome(wallet, LONG).first(ticket, links::add).trouble)
            assertEquals(listOf(site.name, site.name), links.map { it.site })
            assertEquals("unwelcome", WayHome(ana, LONG).first(tickets[0], links::add).trouble?.code)
            assertEquals(2, links.size, "whoever was not let in has nothing to keep")
            assertThrows<IOException> { runBlocking { WayHome(ana, LONG).first(site.ticket("user")) { throw IOException("the disk is full") } } }
            for (wallet in listOf(ana, ben)) wallet.hostAt(tally, site.name)
            assertEquals(Ending.InSync, pair.meet(tally, Faults()).left.ending)

            val chit = ana.pay(tally, Payment(units = 7_000, memo = "bread"))
            site.stop()
            assertEquals("unreachable_site", WayHome(ana).again(links[0]).trouble?.code)
            site.start()
            fun isFinal() = ana.went(tally, chit) == Went.Final(chit) && ben.home().position.finalNet == 7_000L
            val news = mutableListOf<Long>()
            var rounds = 0
            while (!isFinal() && rounds++ < 20) for ((wallet, link) in listOf(ana, ben).zip(links)) {
                val come = WayHome(wallet, LONG).again(link)
                assertNull(come.trouble)
                news += come.news.flatMap { it.payments }
            }
            assertTrue(isFinal(), "after $rounds rounds")
            assertEquals(listOf(7_000L), news)
        }
    }

    @Test
    fun `wishes are set and read, and a payment that is scanned twice counts once`() {
        val pair = SimulatedPair.fresh(folder.toString(), 12uL)
        val (ana, ben) = pair.left() to pair.right()
        val tally = opened(pair, ana, ben)
        val wishes = Wishes(target = 50_000, bound = 90_000, reward = 5_000, clutch = -2_000)
        ana.set(tally, wishes)
        assertEquals(wishes, ana.wishes(tally))
        pair.meet(tally, Faults())
        val chit = ana.pay(tally, Payment(units = 1_000))
        val code = ana.paymentCode(tally, chit)
        val first = ben.takePayment(code.bytes)
        assertEquals(chit to false, first.chit to first.again)
        assertEquals(chit to true, ben.takePayment(code.bytes).run { this.chit to again })
        assertEquals(1_000, ben.home().position.net)
        assertEquals("no_such_code", assertThrows<HazelException> { ben.takePayment(ben.receiptCode(tally, chit).bytes) }.code)
    }

    private companion object {
        /** Milliseconds that are enough on a machine that has much else to do. */
        const val LONG = 60_000L
    }
}
