package org.hazel.app

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch
import org.hazel.bridge.HazelException
import org.hazel.bridge.KeyStore
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.wallet.Blocker
import org.hazel.wallet.HazelWallet
import org.hazel.wallet.isOver

/** What a screen needs of the phone, and cannot have where there is none. */
interface Phone {
    /** Milliseconds from any moment, never going back. */
    fun millis(): Long
    /** Seconds since 1970. */
    fun seconds(): Long
    /** What keeps two phones from meeting, most urgent first. */
    fun blockers(): List<Blocker>
    /** Lets the person do something about it: a permission, a switch of the system's. */
    suspend fun remedy(blocker: Blocker)
    /** Shows this phone to partners and looks out for them; the person wants to meet this one. */
    fun seek(wallet: Wallet, tally: String?)
    /** Meets somebody new: waits to be called and invites to a tally on which I hold that half, or calls who waits. */
    fun introduce(wallet: Wallet, side: Side?, terms: Terms)
    /** Whether both screens showed the same. */
    fun codesMatch(same: Boolean)
    /** Is silent again. */
    fun silence()
    /** What another phone reads that is held against this one; none for nothing. */
    fun tag(link: String?)
    /** Lets the person keep a file; false if they did not. */
    suspend fun keep(name: String, bytes: ByteArray): Boolean
    /** Lets the person choose a file; none if they did not. */
    suspend fun pick(): ByteArray?
    /** Hands a text to another app. */
    fun share(text: String)
    /** A day in the person's own way of writing. */
    fun day(seconds: ULong): String
}

/** The way through the app: which screen is in front, and which lie behind it. */
class Hall(val phone: Phone, val file: String, val keys: KeyStore) {
    private val stack = MutableStateFlow(emptyList<Screen>())
    private var opened: HazelWallet? = null

    /** The screens, the front one last; none when the app is left. */
    val screens: StateFlow<List<Screen>> get() = stack

    val front: Screen? get() = stack.value.lastOrNull()

    /** The open wallet. Screens that need one are entered only when there is one. */
    val wallet: HazelWallet get() = checkNotNull(opened) { "a screen of the wallet was entered before the wallet" }

    val hasWallet: Boolean get() = opened != null

    /** Begins with a wallet, new or opened. */
    fun enter(wallet: Wallet) {
        opened?.close()
        opened = HazelWallet(wallet)
        stack.value = listOf(HomeScreen(this))
    }

    fun go(screen: Screen) {
        stack.value += screen
    }

    /** Goes to a screen without a way back to this one: what was done there is done. */
    fun instead(screen: Screen) {
        stack.value = stack.value.dropLast(1) + screen
    }

    /** Back by one; false when there is nowhere to go. */
    fun back(): Boolean {
        if (stack.value.size <= 1) return false
        stack.value = stack.value.dropLast(1)
        return true
    }

    fun home() {
        stack.value = stack.value.take(1)
    }

    /** Lets the front screen live and shows each of its sheets, until it is cancelled. A screen that is covered lives no longer. */
    suspend fun run(show: (Sheet) -> Unit) = stack.map { it.lastOrNull() }.distinctUntilChanged { a, b -> a === b }.collectLatest { screen ->
        if (screen != null) coroutineScope {
            launch { live(screen) }
            screen.sheet.collect(show)
        }
    }

    private suspend fun live(screen: Screen) {
        try {
            screen.live()
        } catch (gone: HazelException) {
            // The wallet was closed or frozen under the screen: it is read anew when the app is back.
            if (!gone.isOver) throw gone
        }
    }

    /** Starts the app: a wallet is there and wants to be opened, or none is. */
    fun begin(exists: Boolean) {
        stack.value = listOf(if (exists) OpenScreen(this) else FirstScreen(this))
    }

    /** Closes the wallet and forgets the screens. */
    fun leave() {
        phone.silence()
        opened?.close()
        opened = null
        stack.value = emptyList()
    }
}
