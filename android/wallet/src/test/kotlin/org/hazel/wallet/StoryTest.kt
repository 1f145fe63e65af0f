package org.hazel.wallet

import java.nio.file.Path
import org.hazel.bridge.Ask
import org.hazel.bridge.Attention
import org.hazel.bridge.Ending
import org.hazel.bridge.Meaning
import org.hazel.bridge.PageOf
import org.hazel.bridge.Payment
import org.hazel.bridge.Scan
import org.hazel.bridge.Side
import org.hazel.bridge.Stage
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** One story: ticket, tally, a payment by code, a meeting over a radio that is cut, final. */
class StoryTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `from a ticket to a payment that is final`() {
        val pair = SimulatedPair.fresh(folder.toString(), 7uL)
        val (ben, ana) = pair.right() to pair.left()
        val tally = opened(pair, ana, ben)

        // Ben asks, Ana scans the picture's text and pays.
        val asked = ben.ask(tally, Ask(units = 12_500, memo = "two coffees", items = emptyList()))
        val seen = Scan(null).text(asked.text)
        val invoice = seen.meaning as Meaning.Invoice
        assertEquals(12_500, invoice.units)
        ana.take(seen.code!!.bytes)
        val chit = ana.pay(tally, Payment(units = invoice.units, memo = "two coffees", invoice = invoice.invoice))
        assertEquals("pending", ana.chit(tally, chit))

        // The payment travels as a code; the receipt travels back as one.
        val paid = ben.take(ana.paymentCode(tally, chit).bytes)
        assertEquals(listOf(12_500L), paid.payments)
        ana.take(ben.receiptCode(tally, chit).bytes)
        assertEquals("received", ana.chit(tally, chit))

        // A link that is lost before the two know each other leads nowhere, and loses nothing.
        val lost = pair.meet(tally, Faults(cuts = listOf(3u)))
        assertEquals("link_lost", (lost.left.ending as Ending.Failed).trouble.code)

        // Over a bad radio, cut twice in the middle, both come to one order; both nodes agree, and that makes it final.
        val faults = Faults(loss = 5u, doubling = 5u, jitter = 20u, cuts = listOf(30u, 25u), late = true)
        val met = pair.meet(tally, faults)
        assertTrue(met.left.met && met.links == 3u, "$met")
        assertEquals(Ending.InSync, met.left.ending)
        assertEquals("final", ana.chit(tally, chit))
        assertEquals("final", ben.chit(tally, chit))
        assertEquals(-12_500, ana.home().position.net)
        assertEquals(12_500, ben.home().position.finalNet)
        assertEquals(ana.tally(tally, PageOf()).tally.head, ben.tally(tally, PageOf()).tally.head)
        assertEquals(ana.exportCsv(tally), ben.exportCsv(tally))
        assertEquals(ana.exportJson(tally), ben.exportJson(tally))
        assertTrue("\"memo\":\"two coffees\"" in ana.exportJson(tally))
        val exposure = checkNotNull(ben.tally(tally, PageOf()).exposure)
        assertEquals(12_500L to 0L, exposure.held to exposure.outside)
        assertTrue(exposure.worst >= exposure.held)
    }
}

/** The state of a chit, in a word. */
internal fun Wallet.chit(tally: String, chit: String): String = history(tally, PageOf()).single { it.id == chit }.word

/** Opens a tally between the two: Ben invites, Ana answers, both meet until it is open. Returns its id. */
internal fun opened(pair: SimulatedPair, ana: Wallet, ben: Wallet, limit: Long = 100_000): String {
    val invitation = ben.invite(Side.STOCK, Terms(limit, 30u), 3_600uL)
    val scanned = Scan(null).text(invitation.code.text)
    check(scanned.meaning is Meaning.Ticket)
    val tally = ana.acceptTicket(scanned.code!!.bytes, Terms(limit, 30u))
    pair.meet(tally, Faults())
    assertTrue(ben.home().attention.any { it is Attention.Requested })
    ben.offer(tally, null, null)
    pair.meet(tally, Faults())
    ana.accept(tally, ana.offered(tally).version)
    pair.meet(tally, Faults())
    assertEquals(Stage.OPEN, ben.tally(tally, PageOf()).tally.stage)
    assertEquals(Stage.OPEN, ana.tally(tally, PageOf()).tally.stage)
    return tally
}
