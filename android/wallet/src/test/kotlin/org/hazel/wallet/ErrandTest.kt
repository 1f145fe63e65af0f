package org.hazel.wallet

import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.hazel.bridge.Ending
import org.hazel.bridge.ErrandNews
import org.hazel.bridge.ErrandVerdict
import org.hazel.bridge.HazelException
import org.hazel.bridge.Listener
import org.hazel.bridge.Notice
import org.hazel.bridge.Payment
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What partners take along for one another; and checking everything, which can be stopped. */
class ErrandTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `what the payee must be told goes along with somebody who meets them`() {
        val pair = SimulatedPair.fresh(folder.toString(), 51uL)
        val (payer, payee) = pair.left() to pair.right()
        val carrier = Wallet.create(folder.resolve("carrier.hazel").toString(), Keys(), "Carrier", newWords(), null)
        val tally = opened(pair, payer, payee)
        val (there, onwards) = SimulatedPair(payer, carrier, 52uL) to SimulatedPair(carrier, payee, 53uL)
        val (toCarrier, toPayee) = opened(there, payer, carrier) to opened(onwards, carrier, payee)

        payer.pay(tally, Payment(units = 2_500))
        val given = payer.giveErrand(tally, toCarrier, 604_800uL)!!
        assertEquals(listOf(tally, toCarrier, null), listOf(given.addressee, given.with, given.said))
        assertEquals(listOf(ErrandVerdict.NOT_CARRYING), verdicts(there.meet(toCarrier, Faults()).left.errands))
        carrier.carryErrands(true)
        val met = there.meet(toCarrier, Faults())
        assertEquals(Ending.InSync, met.left.ending)
        assertEquals(listOf(ErrandVerdict.CARRIED), verdicts(met.left.errands))
        assertEquals(listOf<ErrandNews>(ErrandNews.OfPartner(ErrandVerdict.CARRIED)), met.right?.errands)
        val carried = carrier.errands().single()
        assertEquals(listOf(toCarrier, null, given.id), listOf(carried.with, carried.addressee, carried.id))

        val heard = LinkedBlockingQueue<Notice>()
        payee.listen(object : Listener {
            override fun changed(notice: Notice) { heard.add(notice) }
        })
        val brought = onwards.meet(toPayee, Faults())
        assertEquals(listOf<ErrandNews>(ErrandNews.HandedOver(ErrandVerdict.ARRIVED)), brought.left.errands)
        val tidings = (brought.right?.errands?.single() as ErrandNews.ForMe).tidings
        assertEquals(tally to listOf(2_500L), tidings.tally to tidings.payments)
        // The page of the tally that it is about is read anew, though the meeting was about another one.
        val told = generateSequence { heard.poll(5, TimeUnit.SECONDS) }.first { it is Notice.Tally && it.tally == tally }
        assertEquals(Notice.Tally(tally), told)
        assertEquals(2_500, payee.home().position.net)
        assertEquals(emptyList<Any>(), carrier.errands())
        for (wallet in listOf(payer, payee, carrier)) assertEquals(emptyList<String>(), wallet.audit().run().findings)
    }

    @Test
    fun `what cannot be given is refused, and what is not meant any more is forgotten`() {
        val pair = SimulatedPair.fresh(folder.toString(), 54uL)
        val carrier = Wallet.create(folder.resolve("carrier.hazel").toString(), Keys(), "Carrier", newWords(), null)
        val tally = opened(pair, pair.left(), pair.right())
        val other = opened(SimulatedPair(pair.left(), carrier, 55uL), pair.left(), carrier)
        val payer = pair.left()
        fun refused(act: () -> Any?) = assertThrows(HazelException::class.java) { act() }.code
        assertEquals("same_partner", refused { payer.giveErrand(tally, tally, 60uL) })
        assertEquals("errand_too_long", refused { payer.giveErrand(tally, other, 31uL * 86_400uL) })
        assertEquals("unknown", refused { payer.giveErrand(tally, "nonsense", 60uL) })
        pair.meet(tally, Faults())
        assertNull(payer.giveErrand(tally, other, 60uL), "all was told")
        payer.pay(tally, Payment(units = 700))
        val errand = payer.giveErrand(tally, other, 60uL)!!
        payer.dropErrand(errand.id)
        assertEquals(emptyList<Any>(), payer.errands())
        assertEquals(listOf("unknown", "unknown"), listOf(refused { payer.dropErrand(errand.id) }, refused { payer.dropErrand("xyz") }))
        assertEquals(listOf(false, true), listOf(carrier.carriesErrands(), carrier.run { carryErrands(true); carriesErrands() }))
    }

    @Test
    fun `a check that is stopped says nothing, and the wallet works at once`() {
        val pair = SimulatedPair.fresh(folder.toString(), 56uL)
        val tally = opened(pair, pair.left(), pair.right())
        repeat(400) { pair.left().pay(tally, Payment(units = 1)) }
        val wallet = pair.left()
        // Before it has begun, and in the middle, from another thread.
        wallet.audit().use { audit ->
            audit.cancel()
            assertEquals("stopped", assertThrows(HazelException::class.java) { audit.run() }.code)
        }
        wallet.audit().use { audit ->
            val ended = LinkedBlockingQueue<String>()
            thread { ended.add(runCatching { audit.run() }.exceptionOrNull()?.let { (it as HazelException).code } ?: "done") }
            while (audit.checked() == 0uL && ended.isEmpty()) Thread.onSpinWait()
            audit.cancel()
            // Too late to stop it is no fault either.
            assertTrue(ended.poll(20, TimeUnit.SECONDS) in setOf("stopped", "done"))
        }
        wallet.pay(tally, Payment(units = 1))
        val report = wallet.audit().use { it.run() }
        assertEquals(Triple(emptyList<String>(), 1uL, 0uL), Triple(report.findings, report.tallies, report.strayPages))
        assertTrue(report.chits > 400uL)
    }

    private fun verdicts(news: List<ErrandNews>) = news.filterIsInstance<ErrandNews.OfMine>().map { it.said }
}
