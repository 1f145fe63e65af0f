package org.hazel.app

import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.hazel.bridge.AuditReport
import org.hazel.bridge.ErrandNews
import org.hazel.bridge.ErrandVerdict
import org.hazel.bridge.Payment
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class ErrandsScreenTest {
    @TempDir
    lateinit var folder: Path

    private fun wallet(name: String) = Wallet.create(folder.resolve("$name.hazel").toString(), PocketKeys, name, newWords(), null)

    /** A tally between two wallets: the first one answers the second one's invitation. */
    private suspend fun open(pair: SimulatedPair): String = withContext(Dispatchers.IO) {
        val (one, other) = pair.left() to pair.right()
        val terms = Terms(50_000, 30u)
        val tally = one.acceptTicket(other.invite(Side.STOCK, terms, 3_600uL).code.bytes, terms)
        pair.meet(tally, Faults())
        other.offer(tally, null, null)
        pair.meet(tally, Faults())
        one.accept(tally, one.offered(tally).version)
        pair.meet(tally, Faults())
        tally
    }

    @Test
    fun `whom nobody meets is told by somebody who does, by pressing what is shown`() = runBlocking {
        wallet("Ana").shut()
        val ana = Person(folder, "Ana.hazel")
        coroutineScope {
            ana.begin(this)
            ana.sees("tallies_none")
            val mine = ana.hall.wallet.bridge
            val (withBen, withCarrier) = listOf("Ben", "Carrier").mapIndexed { no, name -> SimulatedPair(mine, wallet(name), 61uL + no.toULong()) }
            val (tally, other) = open(withBen) to open(withCarrier)
            mine.pay(tally, Payment(units = 2_500))

            ana.hall.go(MeetScreen(ana.hall, tally))
            ana.find("that Ben is sought") { _ -> ana.phone.seeking }
            ana.phone.time += MeetScreen.PATIENCE + 1
            ana.press("errand_send")
            ana.sees("errand_by")
            ana.press("Carrier")
            ana.sees("errand_ready")
            ana.sees("errand_waits")

            withCarrier.right().carryErrands(true)
            val met = withContext(Dispatchers.IO) { withCarrier.meet(other, Faults()) }
            val over = meetingParts(Stand.Over(met.left), mine.beacons(), 0, null)
            assertTrue(over.any { "errand_said_carried" in names(it.spoken) && "Carrier" in names(it.spoken) }, "$over")
            ana.hall.home()
            ana.press("settings")
            ana.press("errands")
            ana.sees("errand_said_carried")
            // What has gone along is not taken back.
            assertTrue(ana.sheet.parts.none { "errand_drop" in names(it.spoken) })
            ana.press("errands_carry")
            ana.press("errands_carry_no_more")
            ana.sees("errands_not_carrying")
            coroutineContext.job.cancelChildren()
        }
        checkAll(ana.seen.map { it.second })
        Preview.write(ana.seen.filter { it.first == "ErrandsScreen" })
    }

    @Test
    fun `every verdict, and every number of things, has its words`() {
        val news = ErrandVerdict.entries.map { ErrandNews.OfMine("1", it) } + ErrandNews.OfPartner(ErrandVerdict.CARRIED) +
            ErrandNews.OfPartner(ErrandVerdict.FULL) + List(2) { ErrandNews.HandedOver(ErrandVerdict.ARRIVED) }
        val lines = errandNews(news, "Ben")
        assertEquals(ErrandVerdict.entries.size + 2, lines.size)
        assertEquals("You take 1 errand along", read(lines[lines.size - 2], "values"))
        assertEquals("Du hast 2 Botengänge abgegeben", read(lines.last(), "values-de"))
        val audits = listOf(AuditReport(1uL, 1uL, 1uL, emptyList(), 0uL), AuditReport(2uL, 0uL, 3uL, listOf("a sum is wrong"), 1uL))
        val sheets = audits.map { Sheet(Text("settings"), audited(it)) }
        checkAll(sheets + Sheet(Text("meet"), lines.map { Note(it) }))
        assertEquals("Checked: 1 tally, 1 chit and 1 signature", read(sheets[0].parts[0].spoken, "values"))
        assertEquals(listOf(2, 3), sheets.map { it.parts.size })
    }
}
