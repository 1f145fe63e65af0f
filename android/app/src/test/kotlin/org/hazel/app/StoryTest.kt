package org.hazel.app

import java.nio.file.Path
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.hazel.bridge.Ending
import org.hazel.bridge.PageOf
import org.hazel.bridge.Payment
import org.hazel.lab.Faults
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** One story, told with nothing but the app's own screens and two real wallets: from the first start to a payment that is final. */
class StoryTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `from the first start to final, by pressing what is shown`() = runBlocking {
        val (ana, ben) = Person(folder, "ana.hazel") to Person(folder, "ben.hazel")
        coroutineScope {
            ana.begin(this)
            ben.begin(this)
            tell(ana, ben)
            coroutineContext.job.cancelChildren()
        }
        val all = ana.seen + ben.seen
        checkAll(all.map { it.second })
        Preview.write(all)
    }

    private suspend fun CoroutineScope.tell(ana: Person, ben: Person) {
        val words = start(ana, "Ana")
        start(ben, "Ben")
        val pair = SimulatedPair(ana.hall.wallet.bridge, ben.hall.wallet.bridge, 7uL)

        // Ben invites, Ana scans and answers; what is said between goes by meetings.
        ben.press("invite")
        ben.type("granted_limit", "100")
        ben.press("show_invitation_button")
        ana.scan(ben)
        ana.sees("they_grant")
        ana.type("granted_limit", "100")
        ana.press("answer_invitation")
        ana.sees("looking")
        val tally = ana.find("whom Ana seeks") { ana.phone.seeking }
        meet(pair, tally)
        ben.hall.home()
        ben.press("waiting_requested")
        ben.press("offer_terms")
        meet(pair, tally)
        ana.hall.home()
        ana.press("waiting_offered")
        ana.press("accept_terms")
        meet(pair, tally)

        // Ben asks; Ana scans the code, sees what it would mean, and pays. The payment and its receipt travel as codes.
        ben.hall.home()
        ben.press("even")
        ben.press("ask")
        ben.type("amount", "12.50")
        ben.type("memo", "two coffees")
        ben.press("ask_now")
        ana.scan(ben)
        ana.sees("invoice_issued")
        ana.press("pay")
        ana.sees("afterwards")
        ana.press("pay_now")
        ana.sees("show_payment")
        assertTrue(ana.sheet.isCode)
        ben.scan(ana)
        ben.sees("news_payment")
        ben.press("show_receipt_button")
        ana.scan(ben)
        ana.sees("news_held")

        // Over a bad radio, cut twice, both come to one order: final.
        val met = meet(pair, tally, Faults(loss = 5u, doubling = 5u, jitter = 20u, cuts = listOf(30u, 25u), late = true))
        assertEquals(Ending.InSync, met.left.ending, "$met")
        val page = ana.hall.wallet.run { tally(tally, PageOf()) }.tally
        val over = Sheet(Text("meet"), meetingParts(Stand.Over(met.left), ana.hall.wallet.run { beacons() }, 0, page))
        ana.seen.add("MeetScreen-over" to over)
        for (person in listOf(ana, ben)) {
            person.hall.home()
            person.press(if (person == ana) "you_owe" else "owed_to_you")
            person.find("the curve") { sheet -> sheet.parts.firstOrNull { it is Course } }
            person.press("two coffees")
            person.sees("final_yes")
            person.sees("custody_held")
        }
        bustle(ana, ben, tally)
        meet(pair, tally)
        rest(ana, words)
        ben.press("show_code")
        ben.sees("show_receipt")
        ben.press("share_link")
        assertTrue(ben.phone.shared.orEmpty().startsWith("hazel:"), ben.phone.shared)
    }

    /** Name, words, words typed back: one of them wrongly first. Answers the words. */
    private suspend fun start(person: Person, name: String): String {
        person.type("name", name)
        person.press("go_ahead")
        person.sees("words_about")
        val lines = person.sheet.parts.filterIsInstance<Line>().map { (it.text as Plain).text }
        val words = lines.joinToString(" ") { it.substringAfter(". ") }
        assertEquals(24, lines.size)
        person.press("words_written")
        person.type("words", words.replaceFirst(' ', 'x'))
        person.press("make_wallet")
        person.sees("words_differ")
        person.type("words", "  " + words.uppercase() + " ")
        person.press("make_wallet")
        person.sees("tallies_none")
        return words
    }

    /** More of the same, back and forth, so that there is a course to look at. */
    private suspend fun bustle(ana: Person, ben: Person, tally: String) {
        for ((person, units, memo) in listOf(Triple(ben, 30_000L, "a bicycle's tyre"), Triple(ana, 4_000L, "eggs"), Triple(ben, 8_500L, "bread"))) {
            person.hall.wallet.run { pay(tally, Payment(units = units, memo = memo)) }
        }
        ana.hall.wallet.run { pay(tally, Payment(units = 45_000, memo = "three hours in the garden")) }
    }

    /** What is seldom needed, each once. */
    private suspend fun rest(ana: Person, words: String) {
        ana.hall.back()
        ana.press("terms_and_more")
        ana.type("name", "Ben at the market")
        ana.press("rename")
        ana.sees("Ben at the market")
        ana.press("devices")
        ana.sees("device_here")
        ana.hall.back()
        ana.hall.back()
        ana.press("history")
        ana.press("export_csv")
        ana.sees("kept")
        ana.press("export_json")
        ana.find("the second file") { ana.phone.kept.size.takeIf { it == 2 } }
        for (whole in ana.phone.kept.values) assertTrue(whole.decodeToString().contains("two coffees"))
        ana.hall.home()
        ana.press("waiting_rehearse")
        ana.type("words", words)
        ana.press("backup_now")
        ana.phone.picks = ana.phone.kept.getValue("wallet.hazel-backup")
        ana.press("rehearse")
        ana.sees("rehearsed")
        ana.hall.home()
        ana.press("settings")
        ana.press("audit")
        ana.sees("audit_well")
        ana.hall.home()
        ana.press("all_tallies")
        ana.type("sought", "market")
        ana.sees("Ben at the market")
    }

    private suspend fun meet(pair: SimulatedPair, tally: String, faults: Faults = Faults()) =
        withContext(Dispatchers.IO) { pair.meet(tally, faults) }
}
