/* SPDX-License-Identifier: MIT */
/*
 * pages: what a person sees and does at the pages of the set-up program.
 *
 *   pages show            the dialogs there are, the topmost first, as UTF-8 lines:
 *                             dialog TITLE
 *                             ID on|off CLASS TEXT     a visible control; off: it is disabled
 *                             item ticked|empty|fixed TEXT     a line of the list of components
 *   pages press ID        the button of the topmost dialog
 *   pages click ID        the box to tick of the topmost dialog
 *   pages close           the topmost dialog, by the button of its window
 *   pages type ID TEXT    into the field of the topmost dialog
 *   pages tick N          the Nth line of the list of components, from 0: ticks it or takes the tick away
 *
 * Exit code 1: there is no such thing, or it is disabled. A button's work goes on after `press` has ended.
 */
#define WIN32_LEAN_AND_MEAN
#define UNICODE
#include <windows.h>

#include <commctrl.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { TEXT_UNITS = 2000, ANSWER_MS = 2000 };

/* How the state images of NSIS are numbered. */
enum { NSIS_EMPTY = 1, NSIS_TICKED = 2 };

static HWND topmost;
static HWND wanted;
static int wanted_id;

static void put_line(WCHAR *text) {
    static char utf8[TEXT_UNITS * 3];

    for (WCHAR *at = text; *at; at++)
        if (*at < L' ')
            *at = L' ';
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL);
    puts(utf8);
}

/* A window of another process that is busy does not answer; that is no reason to wait for it. */
static LRESULT ask(HWND window, UINT message, WPARAM wparam, LPARAM lparam) {
    DWORD_PTR answer = 0;

    SendMessageTimeoutW(window, message, wparam, lparam, SMTO_ABORTIFHUNG, ANSWER_MS, &answer);
    return (LRESULT)answer;
}

static void put_text_of(HWND window) {
    WCHAR text[TEXT_UNITS] = L"";

    ask(window, WM_GETTEXT, TEXT_UNITS, (LPARAM)text);
    put_line(text);
}

/* ---- the list of components ---- */

static HTREEITEM next_item(HWND tree, HTREEITEM item) {
    return (HTREEITEM)ask(tree, TVM_GETNEXTITEM, item ? TVGN_NEXT : TVGN_ROOT, (LPARAM)item);
}

/* The message's structure has to be in the memory of the process that owns the list. */
static void put_item(HWND tree, HTREEITEM item) {
    struct {
        TVITEMW item;
        WCHAR text[200];
    } there, *remote;
    DWORD owner;
    HANDLE process;
    int image;

    GetWindowThreadProcessId(tree, &owner);
    process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, owner);
    remote = VirtualAllocEx(process, NULL, sizeof *remote, MEM_COMMIT, PAGE_READWRITE);
    ZeroMemory(&there, sizeof there);
    there.item.mask = TVIF_TEXT | TVIF_STATE;
    there.item.stateMask = TVIS_STATEIMAGEMASK;
    there.item.hItem = item;
    there.item.pszText = remote->text;
    there.item.cchTextMax = ARRAYSIZE(there.text) - 1;
    WriteProcessMemory(process, remote, &there, sizeof there, NULL);
    ask(tree, TVM_GETITEMW, 0, (LPARAM)remote);
    ReadProcessMemory(process, remote, &there, sizeof there, NULL);
    VirtualFreeEx(process, remote, 0, MEM_RELEASE);
    CloseHandle(process);
    image = (int)(there.item.state >> 12);
    printf("item %s ", image == NSIS_EMPTY ? "empty" : image == NSIS_TICKED ? "ticked" : "fixed");
    put_line(there.text);
}

static int tick(HWND tree, int number) {
    HTREEITEM item = NULL;

    for (; number >= 0; number--)
        if (!(item = next_item(tree, item)))
            return 1;
    ask(tree, TVM_SELECTITEM, TVGN_CARET, (LPARAM)item);
    ask(tree, WM_CHAR, L' ', 0);
    return 0;
}

/* ---- dialogs ---- */

static BOOL CALLBACK put_control(HWND control, LPARAM unused) {
    WCHAR class[64];

    (void)unused;
    GetClassNameW(control, class, ARRAYSIZE(class));
    if (!IsWindowVisible(control) || !wcscmp(class, L"#32770"))
        return TRUE;
    printf("%d %s %ls ", GetDlgCtrlID(control), IsWindowEnabled(control) ? "on" : "off", class);
    put_text_of(control);
    if (!wcscmp(class, L"SysTreeView32"))
        for (HTREEITEM item = NULL; (item = next_item(control, item));)
            put_item(control, item);
    return TRUE;
}

static BOOL is_dialog(HWND window) {
    WCHAR class[64];

    GetClassNameW(window, class, ARRAYSIZE(class));
    return IsWindowVisible(window) && !wcscmp(class, L"#32770");
}

static BOOL CALLBACK put_dialog(HWND window, LPARAM unused) {
    (void)unused;
    if (is_dialog(window)) {
        printf("dialog ");
        put_text_of(window);
        EnumChildWindows(window, put_control, 0);
    }
    return TRUE;
}

static BOOL CALLBACK find_topmost(HWND window, LPARAM unused) {
    (void)unused;
    if (!is_dialog(window))
        return TRUE;
    topmost = window;
    return FALSE;
}

static BOOL CALLBACK find_control(HWND control, LPARAM unused) {
    (void)unused;
    if (GetDlgCtrlID(control) != wanted_id || !IsWindowVisible(control) ||
        !IsWindowEnabled(control))
        return TRUE;
    wanted = control;
    return FALSE;
}

static HWND find(int id) {
    wanted_id = id;
    EnumWindows(find_topmost, 0);
    if (topmost)
        EnumChildWindows(topmost, find_control, 0);
    return wanted;
}

int main(void) {
    enum { LIST = 1032 };
    int count;
    WCHAR **words = CommandLineToArgvW(GetCommandLineW(), &count);
    const WCHAR *verb = count > 1 ? words[1] : L"";
    int number = count > 2 ? _wtoi(words[2]) : 0;

    if (!wcscmp(verb, L"show")) {
        EnumWindows(put_dialog, 0);
        return 0;
    }
    if (!wcscmp(verb, L"press") && find(number))
        return !PostMessageW(topmost, WM_COMMAND, MAKEWPARAM(number, BN_CLICKED), (LPARAM)wanted);
    if (!wcscmp(verb, L"click") && find(number))
        return !PostMessageW(wanted, BM_CLICK, 0, 0);
    if (!wcscmp(verb, L"close") && (EnumWindows(find_topmost, 0), topmost))
        return !PostMessageW(topmost, WM_CLOSE, 0, 0);
    if (!wcscmp(verb, L"type") && count > 3 && find(number))
        return !ask(wanted, WM_SETTEXT, 0, (LPARAM)words[3]);
    if (!wcscmp(verb, L"tick") && find(LIST))
        return tick(wanted, number);
    return 1;
}
