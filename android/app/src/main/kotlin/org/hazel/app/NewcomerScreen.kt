package org.hazel.app

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.hazel.bridge.Notice
import org.hazel.bridge.Side
import org.hazel.bridge.Trouble
import org.hazel.wallet.Blocker

/** How far being introduced has come. */
sealed interface Step {
    /** What I grant, and who invites. */
    data object Asking : Step
    data object Looking : Step
    /** Both screens show this; the two people say whether it is the same. */
    data class Comparing(val words: List<String>, val emoji: List<String>) : Step
    /** I have said yes, the other one has not yet. */
    data object Waiting : Step
    data class Failed(val trouble: Trouble) : Step
    data object Nobody : Step
    data class Begun(val tally: String) : Step
}

/** What a notice makes of how far it has come. */
internal fun heard(step: Step, notice: Notice): Step = when (notice) {
    is Notice.Compare -> Step.Comparing(notice.words, notice.emoji)
    is Notice.Introduced -> Step.Begun(notice.tally)
    // Whoever gave up or has begun already does not care.
    is Notice.NotIntroduced -> if (step is Step.Asking || step is Step.Begun) step else Step.Failed(notice.trouble)
    else -> step
}

/** Two strangers without a camera: both screens show the same words and pictures, and only then is there a tally. */
class NewcomerScreen(hall: Hall) : Screen(hall) {
    private val credit = CreditForm("granted", null, ::draw)
    private var step: Step = Step.Asking
    private var since = 0L
    private var blockers = emptyList<Blocker>()

    override suspend fun live() = coroutineScope {
        launch { hall.wallet.notices.collect { if (it is Notice.Compare || it is Notice.Introduced || it is Notice.NotIntroduced) move(heard(step, it)) } }
        blockers = hall.phone.blockers()
        draw()
        try {
            // Waiting ends by itself, and whoever shows themselves to strangers does so no longer than they look.
            while (true) {
                delay(MeetScreen.BEAT)
                if ((step == Step.Looking || step == Step.Waiting) && hall.phone.millis() - since > PATIENCE) move(Step.Nobody)
            }
        } finally {
            hall.phone.silence()
        }
    }

    private fun move(next: Step) {
        step = next
        since = hall.phone.millis()
        when (next) {
            Step.Nobody, is Step.Failed -> hall.phone.silence()
            // What follows is a first meeting, as after a scanned invitation.
            is Step.Begun -> {
                hall.instead(TallyScreen(hall, next.tally))
                hall.go(MeetScreen(hall, next.tally))
            }
            else -> Unit
        }
        draw()
    }

    private fun look(side: Side?) {
        val terms = credit.terms() ?: return
        move(Step.Looking)
        hall.phone.introduce(hall.wallet.bridge, side, terms)
    }

    private fun say(same: Boolean) {
        hall.phone.codesMatch(same)
        if (same) move(Step.Waiting)
    }

    override fun compose() = Sheet(Text("newcomer"), buildList {
        blockers.forEach { add(Button(Text("blocker_" + it.name.lowercase()), does = trying { hall.phone.remedy(it); blockers = hall.phone.blockers() })) }
        if (blockers.any(::forbidsMeeting)) return@buildList
        when (val at = step) {
            Step.Asking -> {
                add(Note(Text("newcomer_about")))
                addAll(credit.fields("i_grant"))
                add(Button(Text("newcomer_invite"), isMain = true, isOn = credit.terms() != null, does = trying { look(Side.STOCK) }))
                add(Button(Text("newcomer_answer"), isOn = credit.terms() != null, does = trying { look(null) }))
            }
            else -> addAll(introductionParts(at, since, ::say))
        }
        if (step is Step.Failed || step == Step.Nobody) add(Button(Text("look_again"), isMain = true, does = trying { move(Step.Asking) }))
        if (step !is Step.Comparing) add(Button(Text("done")) { hall.back() })
    })

    internal companion object {
        /** Milliseconds for which somebody new is waited for: two people who stand together need no longer. */
        const val PATIENCE = 120_000L
    }
}

internal fun introductionParts(step: Step, since: Long, say: (Boolean) -> Unit): List<Part> = buildList {
    val until = since + NewcomerScreen.PATIENCE
    when (step) {
        Step.Asking, is Step.Begun -> Unit
        Step.Looking -> add(Wait(Text("newcomer_looking"), since, until))
        Step.Waiting -> add(Wait(Text("newcomer_waiting"), since, until))
        is Step.Comparing -> {
            add(Note(Text("newcomer_compare")))
            step.words.forEach { add(Heading(Plain(it))) }
            add(Heading(Plain(step.emoji.joinToString("  "))))
            add(Button(Text("newcomer_same"), isMain = true) { say(true) })
            add(Button(Text("newcomer_differ")) { say(false) })
        }
        is Step.Failed -> add(Note(sentence(step.trouble), warns = true))
        Step.Nobody -> add(Note(Text("newcomer_nobody"), warns = true))
    }
}
