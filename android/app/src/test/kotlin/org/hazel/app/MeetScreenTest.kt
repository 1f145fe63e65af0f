package org.hazel.app

import java.nio.file.Path
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.job
import kotlinx.coroutines.runBlocking
import org.hazel.bridge.Beacon
import org.hazel.bridge.Culprit
import org.hazel.bridge.Ending
import org.hazel.bridge.MeetingReport
import org.hazel.bridge.Notice
import org.hazel.bridge.ShownTag
import org.hazel.bridge.Trouble
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords
import org.hazel.bridge.sights
import org.hazel.wallet.Blocker
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class MeetScreenTest {
    @TempDir
    lateinit var folder: Path

    private fun report(tally: String, ending: Ending?) = MeetingReport(tally, true, 3uL, 2uL, ending, 0uL, 1uL, 0uL, emptyList())

    @Test
    fun `what is heard moves the screen on, and another tally's meeting does not`() {
        val over = Notice.Over(report("1", Ending.InSync))
        val way = listOf(Notice.Met("1"), Notice.Parted("1"), Notice.Tally("1"), over).runningFold<Notice, Stand>(Stand.Looking) { at, it -> heard(at, it, "1") }
        assertEquals(listOf(Stand.Looking, Stand.Near("1"), Stand.Parted("1"), Stand.Parted("1"), Stand.Over(over.report)), way)
        assertEquals(Stand.Looking, heard(Stand.Looking, over, "2"))
        assertEquals(Stand.Over(over.report), heard(Stand.Looking, over, null))
    }

    @Test
    fun `every wait ends, and says how`() {
        assertEquals(listOf(Stand.Nobody, Stand.Stuck("1"), Stand.Stuck("1")), listOf(Stand.Looking, Stand.Near("1"), Stand.Parted("1")).map(::tired))
        val endings = listOf(Ending.InSync, Ending.Apart, Ending.Unfinished, Ending.Cancelled, null,
            Ending.Failed(Trouble("link_lost", Culprit.NOBODY, emptyList(), "")))
        val stands = listOf(Stand.Looking, Stand.Near("1"), Stand.Parted("1"), Stand.Nobody, Stand.Stuck("1")) +
            endings.map { Stand.Over(report("1", it)) }
        val partners = listOf(Beacon("1", "Ben", ShownTag(ByteArray(8), ""), true), Beacon("2", "", ShownTag(ByteArray(8), ""), false))
        val sheets = stands.map { Sheet(Text("meet"), meetingParts(it, partners, 0, null)) }
        checkAll(sheets)
        assertTrue(sheets.all { it.parts.isNotEmpty() })
    }

    @Test
    fun `of being introduced too, every state has its parts and every wait its end`() {
        val lost = Notice.NotIntroduced(Trouble("codes_differ", Culprit.NOBODY, emptyList(), ""))
        val shown = Notice.Compare(listOf("a", "b", "c"), listOf("1", "2", "3", "4"))
        val way = listOf(shown, lost, Notice.Tally("1"), Notice.Introduced("1"), lost).runningFold<Notice, Step>(Step.Looking) { at, it -> heard(at, it) }
        assertEquals(listOf(Step.Looking, Step.Comparing(shown.words, shown.emoji), Step.Failed(lost.trouble), Step.Failed(lost.trouble), Step.Begun("1"), Step.Begun("1")), way)
        assertEquals(Step.Asking, heard(Step.Asking, lost), "whoever has given up is told nothing")
        val steps = way.dropLast(2) + Step.Waiting + Step.Nobody
        checkAll(steps.map { Sheet(Text("newcomer"), introductionParts(it, 0) {}).also { sheet -> assertTrue(sheet.parts.isNotEmpty()) } })
    }

    @Test
    fun `two strangers press what their screens show, and have a tally`() = runBlocking {
        val (ana, ben) = listOf("Ana", "Ben").map { name ->
            Wallet.create(folder.resolve("$name.hazel").toString(), PocketKeys, name, newWords(), null).shut()
            Person(folder, "$name.hazel")
        }
        for ((one, other) in listOf(ana to ben, ben to ana)) one.phone.radio.apply { me = one.phone; this.other = other.phone }
        coroutineScope {
            for ((person, says) in listOf(ben to "newcomer_invite", ana to "newcomer_answer")) {
                person.begin(this)
                person.press("meet")
                person.press("newcomer")
                person.type("granted_limit", "50")
                person.press(says)
                person.sees("newcomer_looking")
            }
            val shown = ben.phone.nearby!!.tags().single()
            ana.phone.nearby!!.seen("ben", sights(shown.bytes, null).single(), 0uL)
            val codes = listOf(ana, ben).map { person -> person.sees("newcomer_compare"); person.sheet.parts.filterIsInstance<Heading>() }
            assertEquals(codes[0], codes[1])
            for (person in listOf(ana, ben)) person.press("newcomer_same")
            // Both are led on to their first meeting, about the same tally.
            for (person in listOf(ana, ben)) person.find("a tally that is sought") { person.phone.seeking }
            assertEquals(ana.phone.seeking, ben.phone.seeking)
            coroutineContext.job.cancelChildren()
        }
        checkAll((ana.seen + ben.seen).map { it.second })
        Preview.write(ana.seen.filter { it.first == "NewcomerScreen" && it.second.parts.any { part -> part is Heading } })
    }

    @Test
    fun `what is in the way comes first, and nobody is looked for until it is gone`() = runBlocking {
        val ana = Person(folder, "ana.hazel")
        coroutineScope {
            ana.begin(this)
            ana.type("name", "Ana")
            ana.press("go_ahead")
            ana.sees("words_about")
            val words = ana.sheet.parts.filterIsInstance<Line>().joinToString(" ") { (it.text as Plain).text.substringAfter(". ") }
            ana.press("words_written")
            ana.type("words", words)
            ana.press("make_wallet")
            ana.phone.inTheWay = listOf(Blocker.NOT_PERMITTED)
            ana.press("meet")
            ana.sees("blocker_not_permitted")
            assertTrue(ana.phone.isSilent)
            ana.press("blocker_not_permitted")
            ana.sees("nobody_to_meet")
            assertTrue(!ana.phone.isSilent)
            // A minute later nobody has come: the radio is silent, and the screen says so.
            ana.phone.time += MeetScreen.PATIENCE + 1
            ana.sees("nobody_came")
            assertTrue(ana.phone.isSilent)
            ana.press("look_again")
            ana.sees("looking")
            ana.hall.back()
            ana.find("silence") { _ -> true.takeIf { ana.phone.isSilent } }
            coroutineContext.job.cancelChildren()
        }
    }
}
