package org.hazel.app

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.hazel.bridge.Beacon
import org.hazel.bridge.Ending
import org.hazel.bridge.HazelException
import org.hazel.bridge.MeetingReport
import org.hazel.bridge.Notice
import org.hazel.bridge.PageOf
import org.hazel.bridge.TallyLine
import org.hazel.wallet.Blocker

/** How far a meeting has come. */
sealed interface Stand {
    data object Looking : Stand
    data class Near(val tally: String) : Stand
    data class Parted(val tally: String) : Stand
    data class Over(val report: MeetingReport) : Stand
    data object Nobody : Stand
    data class Stuck(val tally: String) : Stand
}

/** What a notice makes of how far a meeting has come. A meeting about another tally than the one meant is not this screen's. */
internal fun heard(stand: Stand, notice: Notice, meant: String?): Stand {
    fun about(tally: String) = meant == null || meant == tally
    return when (notice) {
        is Notice.Met -> if (about(notice.tally)) Stand.Near(notice.tally) else stand
        is Notice.Parted -> if (about(notice.tally)) Stand.Parted(notice.tally) else stand
        is Notice.Over -> if (about(notice.report.tally)) Stand.Over(notice.report) else stand
        else -> stand
    }
}

/** What becomes of waiting that has lasted too long. */
internal fun tired(stand: Stand): Stand = when (stand) {
    Stand.Looking -> Stand.Nobody
    is Stand.Near -> Stand.Stuck(stand.tally)
    is Stand.Parted -> Stand.Stuck(stand.tally)
    else -> stand
}

/** Whether nobody can be met as long as this is in the way. */
internal fun forbidsMeeting(it: Blocker) = it != Blocker.CANNOT_ADVERTISE && it != Blocker.SAVING_POWER

/** Meets a partner over the radio: who is near, how far it is, what has changed, and what to compare. */
class MeetScreen(hall: Hall, private val meant: String?) : Screen(hall) {
    private var stand: Stand = Stand.Looking
    private var since = 0L
    private var partners = emptyList<Beacon>()
    private var after: TallyLine? = null
    private var blockers = emptyList<Blocker>()

    override suspend fun live() = coroutineScope {
        launch {
            hall.wallet.notices.collect {
                stand = heard(stand, it, meant)
                // As long as something is heard, it goes on.
                since = hall.phone.millis()
                look()
            }
        }
        seek()
        try {
            // Waiting ends by itself: a screen that turns for ever helps nobody.
            while (true) {
                delay(BEAT)
                val tired = if (hall.phone.millis() - since > PATIENCE) tired(stand) else stand
                if (tired != stand) {
                    stand = tired
                    hall.phone.silence()
                    draw()
                }
            }
        } finally {
            hall.phone.silence()
        }
    }

    private suspend fun seek() {
        stand = Stand.Looking
        after = null
        since = hall.phone.millis()
        blockers = hall.phone.blockers()
        partners = hall.wallet.run { beacons() }.filter { meant == null || it.tally == meant }
        if (blockers.none(::forbidsMeeting)) hall.phone.seek(hall.wallet.bridge, meant)
        draw()
    }

    private suspend fun look() {
        val over = (stand as? Stand.Over)?.report
        after = try {
            over?.let { hall.wallet.run { tally(it.tally, PageOf(most = 0u)) }.tally }
        } catch (_: HazelException) {
            null
        }
        draw()
    }

    override fun compose() = Sheet(Text("meet"), buildList {
        blockers.forEach { add(Button(Text("blocker_" + it.name.lowercase()), does = trying { hall.phone.remedy(it); seek() })) }
        if (blockers.any(::forbidsMeeting)) return@buildList
        addAll(meetingParts(stand, partners, since, after))
        if (stand is Stand.Over || stand is Stand.Stuck || stand == Stand.Nobody) add(Button(Text("look_again"), isMain = true, does = trying(::seek)))
        if (meant == null && (stand == Stand.Looking || stand == Stand.Nobody)) add(Button(Text("newcomer")) { hall.instead(NewcomerScreen(hall)) })
        if (meant != null && stand == Stand.Nobody) add(Button(Text("errand_send")) { hall.instead(ErrandsScreen(hall, meant)) })
        add(Button(Text("done")) { hall.back() })
    })

    internal companion object {
        /** Milliseconds for which a partner is looked for: some advertising turns, and both tries of who calls. */
        const val PATIENCE = 60_000L
        const val BEAT = 500L
    }
}

internal fun meetingParts(stand: Stand, partners: List<Beacon>, since: Long, after: TallyLine?): List<Part> = buildList {
    fun name(tally: String) = partners.firstOrNull { it.tally == tally }?.partner.orEmpty()
    val until = since + MeetScreen.PATIENCE
    when (stand) {
        Stand.Looking -> {
            add(Wait(Text("looking"), since, until))
            if (partners.isEmpty()) add(Note(Text("nobody_to_meet")))
            partners.forEach { add(Line(if (it.partner.isEmpty()) Text("nobody_yet") else Plain(it.partner), Text("looked_for"))) }
        }
        is Stand.Near -> add(Wait(Text("near", name(stand.tally)), since, until))
        is Stand.Parted -> add(Wait(Text("parted", name(stand.tally)), since, until))
        Stand.Nobody -> add(Note(Text("nobody_came"), warns = true))
        is Stand.Stuck -> add(Note(Text("meeting_stuck", name(stand.tally)), warns = true))
        is Stand.Over -> {
            val report = stand.report
            add(ending(report))
            add(Line(Text("letters_out"), amount = report.delivered.toString()))
            add(Line(Text("letters_in"), amount = report.received.toString()))
            if (report.unheld > 0uL) add(Line(Text("left_unheld"), amount = report.unheld.toString()))
            if (report.unordered > 0uL) add(Line(Text("left_unordered"), amount = report.unordered.toString()))
            if (report.unagreed > 0uL) add(Line(Text("left_unagreed"), amount = report.unagreed.toString()))
            errandNews(report.errands, name(report.tally)).forEach { add(Note(it)) }
            after?.let {
                add(Figure(direction(it.balance), amount(it.balance)))
                add(Line(Text("compare"), Plain(check(it.head, it.index))))
            }
        }
    }
}

private fun ending(report: MeetingReport): Note = when (val ending = report.ending) {
    Ending.InSync -> Note(Text("ended_in_sync"))
    Ending.Apart -> Note(Text("ended_apart"))
    Ending.Unfinished, null -> Note(Text("ended_unfinished"), warns = true)
    Ending.Cancelled -> Note(Text("ended_cancelled"))
    is Ending.Failed -> Note(sentence(ending.trouble), warns = true)
}
